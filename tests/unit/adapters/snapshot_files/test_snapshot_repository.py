"""Snapshots of an instance, kept in a store of any kind."""

import pytest

from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.errors import ConfigurationError, InconsistentSnapshot
from domain.identity import Reference

MACRO = Reference("macro")
SNAPSHOT = Snapshot(
    ("at_end",), 1.0, True, Message(1.0, None, [1]), Settings(), CommunicatorState({"out": (1,)})
)


@pytest.fixture
def store():
    return InMemorySnapshotStore()


@pytest.fixture
def archive(store):
    return MsgPackSnapshotRepository(lambda directory: store)


def test_a_snapshot_comes_back_as_it_was(archive):
    assert archive.load(archive.store("somewhere", MACRO, 1, SNAPSHOT)) == SNAPSHOT


def test_what_is_not_there_is_refused_by_name(archive, store):
    location = archive.store(None, MACRO, 1, SNAPSHOT)
    store.remove(location)
    with pytest.raises(InconsistentSnapshot, match=f"'{location}'.*nothing there"):
        archive.load(location)


def test_what_is_damaged_is_refused_by_name(archive, store):
    location = archive.store(None, MACRO, 1, SNAPSHOT)
    store.snapshots[location] = store.snapshots[location][:-5]
    with pytest.raises(InconsistentSnapshot, match=f"'{location}'.*damaged"):
        archive.load(location)


def test_what_cannot_be_read_is_refused_with_the_reason(archive, store, monkeypatch):
    def fail(location):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(store, "load", fail)
    with pytest.raises(InconsistentSnapshot, match="Permission denied"):
        archive.load("x")


def test_a_store_that_fails_is_told_of(archive, store):
    store.failure = OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space"):
        archive.store(None, MACRO, 1, SNAPSHOT)


def test_a_store_that_cannot_be_had_is_told_of_before_there_is_anything_to_store(archive):
    def fail(place):
        raise OSError(f"'{place}' needs a package")

    archive.check("s3://b")
    with pytest.raises(ConfigurationError, match="'s3://b' needs a package"):
        MsgPackSnapshotRepository(fail).check("s3://b")


def test_it_asks_for_the_store_of_each_place(store):
    asked = []

    def open_store(place):
        asked.append(place)
        return store

    archive = MsgPackSnapshotRepository(open_store)
    location = archive.store("s3://b", MACRO, 1, SNAPSHOT)
    archive.load(location)
    archive.store(None, MACRO, 1, SNAPSHOT)
    assert asked == ["s3://b", location, "."]
