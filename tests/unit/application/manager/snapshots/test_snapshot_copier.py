"""Instance snapshots are durable and in the store of the run before they are announced."""

import pytest

from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from application.manager.snapshots.snapshot_copier import SnapshotCopier, SnapshotSources
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.checkpointing.workflow_snapshot import RegisteredSnapshot
from domain.identity import Reference

MACRO = Reference("macro")


def registered(location, number=7):
    return RegisteredSnapshot(
        MACRO, number, SnapshotMetadata((), 0.0, 0.0, None, {}, True, location)
    )


class Stores:
    """The stores that instances write to, by the scheme of the location."""

    def __init__(self):
        self.local = InMemorySnapshotStore()
        self.far = InMemorySnapshotStore()
        self.secured = []

    def open(self, snapshot):
        location = snapshot.metadata.snapshot_filename
        return self.local if location.startswith("in_memory:") else self

    def secure(self, location):
        self.secured.append(location)


def test_snapshot_stays_without_a_target():
    stores = Stores()
    location = stores.local.store(MACRO, 1, b"x")
    assert SnapshotCopier(stores.open).ensure_stored(registered(location)) == location
    assert stores.local.load(location) == b"x"


def test_snapshot_in_the_target_is_made_durable_there():
    stores = Stores()
    copier = SnapshotCopier(stores.open, target=stores.far)
    assert copier.ensure_stored(registered("s3://b/macro_1.pack")) == "s3://b/macro_1.pack"
    assert stores.secured == ["s3://b/macro_1.pack"]
    assert stores.far.snapshots == {}


def test_snapshot_in_the_run_directory_is_moved_to_the_target():
    stores = Stores()
    local = stores.local.store(MACRO, 1, b"x")
    copied = SnapshotCopier(stores.open, target=stores.far).ensure_stored(registered(local))
    assert stores.far.snapshots == {copied: b"x"}
    assert copied.endswith("macro_7.pack")
    assert stores.local.snapshots == {}


def test_snapshot_that_cannot_be_copied_stays_and_raises():
    stores = Stores()
    local = stores.local.store(MACRO, 1, b"x")
    stores.far.failure = OSError("full")
    with pytest.raises(OSError, match="full"):
        SnapshotCopier(stores.open, target=stores.far).ensure_stored(registered(local))
    assert stores.local.load(local) == b"x"


def test_copy_succeeds_even_if_the_original_cannot_be_removed(monkeypatch):
    def fail(location):
        raise OSError("read-only")

    stores = Stores()
    local = stores.local.store(MACRO, 1, b"x")
    monkeypatch.setattr(stores.local, "remove", fail)
    copied = SnapshotCopier(stores.open, target=stores.far).ensure_stored(registered(local))
    assert stores.far.load(copied) == b"x"
    with pytest.raises(FileNotFoundError):
        SnapshotCopier(stores.open).ensure_stored(registered("in_memory:macro_9.pack"))


@pytest.mark.parametrize(
    ("store", "location", "place"),
    [
        ("", "/anything", "instances/macro/snapshots"),
        ("", "s3://b/macro_1.pack", "instances/macro/snapshots"),
        ("/store/run", "/anything", "/store/run"),
        ("/store/run", "s3://b/macro_1.pack", "instances/macro/snapshots"),
        ("s3://b/run", "s3://other/macro_1.pack", "s3://b/run"),
        ("s3://b/run", "/anything", "instances/macro/snapshots"),
    ],
)
def test_source_is_confined_to_where_the_instance_may_store(store, location, place, tmp_path):
    opened = []
    sources = SnapshotSources(
        opened.append, run_directory=InMemoryRunDirectory(tmp_path), location=store
    )
    sources.source_of(registered(location))
    assert [item.removeprefix(f"{tmp_path}/") for item in opened] == [place]
