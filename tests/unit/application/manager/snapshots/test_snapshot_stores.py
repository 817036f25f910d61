"""The snapshot stores of a new run and of earlier ones."""

from pathlib import Path

import pytest

from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from application.manager.snapshots.snapshot_stores import SnapshotStores
from domain.errors import ConfigurationError, InconsistentSnapshot
from domain.identity import Reference

MACRO = Reference("macro")


class Opened:
    """Opens a store in memory for each location."""

    def __init__(self):
        self.stores = {}

    def __call__(self, location):
        return self.stores.setdefault(location, InMemorySnapshotStore())


def test_adapter_holds_all_snapshots_but_local_files():
    opened, adapter = Opened(), InMemorySnapshotStore()
    stores = SnapshotStores(opened, adapter=adapter)
    assert stores.open("/a/macro_1.pack") is opened.stores["/a/macro_1.pack"]
    assert stores.open("s3://a/macro_1.pack") is adapter
    assert stores.open("macro_1.pack") is adapter


def test_stores_are_opened_by_location_without_an_adapter():
    opened = Opened()
    stores = SnapshotStores(opened)
    for location in ("/a/macro_1.pack", "s3://a/macro_1.pack", "macro_1.pack"):
        assert stores.open(location) is opened.stores[location]


@pytest.mark.parametrize(
    ("location", "is_resolvable"), [("/a/b", True), ("s3://a/b", True), ("a/b", False)]
)
def test_relative_path_is_resolvable_only_by_an_adapter(location, is_resolvable):
    assert SnapshotStores(Opened()).is_resolvable(location) is is_resolvable
    assert SnapshotStores(Opened(), adapter=InMemorySnapshotStore()).is_resolvable(location)


def test_existing_snapshot_is_found():
    store = InMemorySnapshotStore()
    stores = SnapshotStores(lambda _: store)
    location = store.store(MACRO, 1, b"x")
    assert stores.holds(location)
    store.remove(location)
    assert not stores.holds(location)


def test_new_run_gets_its_own_store_recorded_in_its_directory():
    opened, directory = Opened(), InMemoryRunDirectory(Path("/runs/run_m"))
    run = SnapshotStores(opened, location="/kept").of_run(directory, suffix="1a")
    assert run.location == directory.snapshot_store == "/kept/run_m_1a"
    assert run.target is None
    assert opened.stores[run.location].snapshots == {}  # the probe has been removed


def test_manager_moves_snapshots_into_a_store_with_a_url():
    opened, directory = Opened(), InMemoryRunDirectory(Path("/runs/run_m"))
    run = SnapshotStores(opened, location="s3://b").of_run(directory, suffix="1a")
    assert run.target is opened.stores["s3://b/run_m_1a"]


def test_manager_moves_snapshots_into_an_adapter():
    adapter, directory = InMemorySnapshotStore(), InMemoryRunDirectory()
    run = SnapshotStores(Opened(), adapter=adapter).of_run(directory, suffix="1a")
    assert (run.location, run.target) == ("", adapter)
    assert directory.snapshot_store == ""


def test_snapshots_stay_in_the_run_directory_by_default():
    directory = InMemoryRunDirectory()
    run = SnapshotStores(Opened()).of_run(directory, suffix="1a")
    assert (run.location, run.target, directory.snapshot_store) == ("", None, "")


def test_store_that_is_not_writable_is_rejected():
    adapter = InMemorySnapshotStore()
    adapter.failure = OSError("the disk is full")
    with pytest.raises(ConfigurationError, match=r"snapshots=\.\.\.\)': the disk is full"):
        SnapshotStores(Opened(), adapter=adapter).of_run(InMemoryRunDirectory(), suffix="1a")


def test_store_that_returns_other_data_is_rejected(monkeypatch):
    adapter = InMemorySnapshotStore()
    monkeypatch.setattr(adapter, "load", lambda location: b"")
    with pytest.raises(ConfigurationError, match="returned data that differs from what was stored"):
        SnapshotStores(Opened(), adapter=adapter).of_run(InMemoryRunDirectory(), suffix="1a")


def test_store_that_cannot_be_opened_is_rejected():
    def fail(location):
        raise OSError("no credentials")

    with pytest.raises(ConfigurationError, match=r"in 's3://b/run_1a': no credentials"):
        SnapshotStores(fail, location="s3://b").of_run(InMemoryRunDirectory(), suffix="1a")


def test_local_and_relative_paths_are_not_copied():
    directory = InMemoryRunDirectory()
    resume = {MACRO: "/a/macro_1.pack", Reference("micro"): "micro_1.pack"}
    assert SnapshotStores(Opened()).local_copies(resume, directory) == resume
    assert directory.made == set()


def test_snapshots_in_other_stores_are_copied_to_the_run_directory(tmp_path):
    store, directory = InMemorySnapshotStore(), InMemoryRunDirectory(tmp_path)
    location = store.store(MACRO, 1, b"x")
    (tmp_path / "snapshots" / "fetched").mkdir(parents=True)
    copies = SnapshotStores(Opened(), adapter=store).local_copies({MACRO: location}, directory)
    assert Path(copies[MACRO]).read_bytes() == b"x"
    assert directory.made == {Path(copies[MACRO]).parent}


def test_snapshot_that_cannot_be_copied_is_rejected():
    stores = SnapshotStores(Opened(), adapter=InMemorySnapshotStore())
    with pytest.raises(InconsistentSnapshot, match="cannot be fetched: There is no snapshot"):
        stores.local_copies({MACRO: "in_memory:macro_1.pack"}, InMemoryRunDirectory())
