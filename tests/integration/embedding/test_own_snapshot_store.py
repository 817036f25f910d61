"""A program passes a custom snapshot store to the manager."""

import uuid

import fsspec
import pytest

from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from domain.errors import ConfigurationError, InconsistentSnapshot, UsageError
from domain.model.checkpoint_rules import CheckpointRangeRule, Checkpoints
from entrypoints.manager import Adapters, Manager
from tests.integration.embedding.test_resume_from_a_program import MODEL

EACH_STEP = Checkpoints(simulation_time=(CheckpointRangeRule(1.0),))


@pytest.fixture(params=["memory of fsspec", "double"])
def new_store(request):
    """Return a function that makes a store for one run, with the snapshots of earlier runs."""
    if request.param == "double":
        store = InMemorySnapshotStore()
        yield lambda: store
        return
    root = f"/{uuid.uuid4().hex}"
    yield lambda: FsspecSnapshotStore(f"memory:/{root}/{uuid.uuid4().hex}")
    files = fsspec.filesystem("memory")
    if files.exists(root):
        files.rm(root, recursive=True)


def run(store, **options):
    adapters = Adapters(snapshots=store)
    with Manager(MODEL, checkpoints=EACH_STEP, adapters=adapters, **options) as manager:
        manager.start_all()
        result = manager.wait()
        assert result.succeeded, result.cause
        return manager


def test_snapshots_are_moved_into_the_store_and_resumed_from_it(new_store):
    store = new_store()
    first = run(store)
    written = sorted((first.run_directory / "snapshots").glob("*.ymmsl"))
    assert written
    assert not any(str(first.run_directory) in path.read_text() for path in written)
    named = [location for location in store.locations() if location in written[-1].read_text()]
    assert len(named) == 2
    second = run(new_store(), resume="latest")
    assert second.resumed_from == str(written[-1])
    assert all("memory:" in location for location in second.configuration.resume.values())
    assert not (second.run_directory / "snapshots" / "fetched").exists()


def test_snapshots_in_no_workflow_snapshot_stay_in_the_run_directory(new_store):
    manager = run(new_store())
    left = list(manager.run_directory.rglob("*.pack"))
    texts = [path.read_text() for path in (manager.run_directory / "snapshots").glob("*.ymmsl")]
    assert not any(str(path) in text for path in left for text in texts)


def test_missing_snapshot_cannot_be_resumed_from(new_store):
    store = new_store()
    first = run(store)
    for location in list(store.locations()):
        store.remove(location)
    with pytest.raises(InconsistentSnapshot, match="there is nothing there"):
        run(store, resume=first.run_directory)


def test_store_that_fails_at_the_start_is_rejected_and_leaves_nothing(folder):
    store = InMemorySnapshotStore()
    store.failure = OSError("the tape robot is on strike")
    with (
        pytest.raises(ConfigurationError, match="the tape robot is on strike"),
        Manager(MODEL, adapters=Adapters(snapshots=store)),
    ):
        pass
    assert list(folder.iterdir()) == []


def test_store_that_loses_data_is_rejected():
    store = InMemorySnapshotStore()
    store.load = lambda location: b""
    with (
        pytest.raises(
            ConfigurationError, match="it returned data that differs from what was stored"
        ),
        Manager(MODEL, adapters=Adapters(snapshots=store)),
    ):
        pass


def test_two_snapshot_stores_are_rejected():
    with pytest.raises(UsageError, match="exclude each other"):
        Manager(MODEL, snapshot_store="kept", adapters=Adapters(snapshots=InMemorySnapshotStore()))


def test_snapshot_store_can_be_another_directory(folder):
    with Manager(MODEL, checkpoints=EACH_STEP, snapshot_store=folder / "kept") as manager:
        manager.start_all()
        assert manager.wait().succeeded
    assert not list(manager.run_directory.rglob("*.pack"))
    (inside,) = (folder / "kept").iterdir()
    assert list(inside.glob("macro_*.pack"))
    assert Manager(MODEL, resume="latest").resumed_from is not None


def test_store_failure_during_a_run_does_not_end_it():
    store = InMemorySnapshotStore()
    adapters = Adapters(snapshots=store)
    with Manager(MODEL, checkpoints=EACH_STEP, adapters=adapters) as manager:
        store.failure = OSError("the tape is full")
        manager.start_all()
        assert manager.wait().succeeded
    assert "a workflow snapshot could not be written: the tape is full" in manager.log_tail()
    assert list((manager.run_directory / "snapshots").glob("*.ymmsl")) == []
    assert list(manager.run_directory.rglob("macro_*.pack"))
