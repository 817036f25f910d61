"""Snapshots are safe, and where they belong, before they are announced."""

import pytest

from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from domain.checkpointing.instance_snapshot import RegisteredSnapshot, SnapshotMetadata
from domain.identity import Reference

MACRO = Reference("macro")


def state(location, number=7):
    return RegisteredSnapshot(
        MACRO, number, SnapshotMetadata((), 0.0, 0.0, None, {}, True, location)
    )


class Stores:
    """Where instances put their snapshots, by the beginning of the location."""

    def __init__(self):
        self.local = InMemorySnapshotStore()
        self.far = InMemorySnapshotStore()
        self.secured = []

    def open(self, place):
        return self.local if place.startswith("in_memory:") else self

    def secure(self, location):
        self.secured.append(location)


def test_what_is_where_it_belongs_stays():
    stores = Stores()
    location = stores.local.store(MACRO, 1, b"x")
    assert SnapshotCopier(stores.open).ensure_stored(state(location)) == location
    assert stores.local.load(location) == b"x"


def test_what_an_instance_has_put_into_the_store_is_made_safe_there():
    stores = Stores()
    collection = SnapshotCopier(stores.open, store=stores.far)
    assert collection.ensure_stored(state("s3://b/macro_1.pack")) == "s3://b/macro_1.pack"
    assert stores.secured == ["s3://b/macro_1.pack"]
    assert stores.far.snapshots == {}


def test_what_is_in_the_run_directory_is_moved_into_the_store():
    stores = Stores()
    local = stores.local.store(MACRO, 1, b"x")
    kept = SnapshotCopier(stores.open, store=stores.far).ensure_stored(state(local))
    assert stores.far.snapshots == {kept: b"x"}
    assert kept.endswith("macro_7.pack")
    assert stores.local.snapshots == {}


def test_what_cannot_be_moved_stays_and_is_an_error():
    stores = Stores()
    local = stores.local.store(MACRO, 1, b"x")
    stores.far.failure = OSError("full")
    with pytest.raises(OSError, match="full"):
        SnapshotCopier(stores.open, store=stores.far).ensure_stored(state(local))
    assert stores.local.load(local) == b"x"


def test_what_is_in_the_store_is_kept_even_if_the_old_copy_cannot_be_removed(monkeypatch):
    def fail(location):
        raise OSError("read-only")

    stores = Stores()
    local = stores.local.store(MACRO, 1, b"x")
    monkeypatch.setattr(stores.local, "remove", fail)
    kept = SnapshotCopier(stores.open, store=stores.far).ensure_stored(state(local))
    assert stores.far.load(kept) == b"x"
    with pytest.raises(FileNotFoundError):
        SnapshotCopier(stores.open).ensure_stored(state("in_memory:macro_9.pack"))
