"""Snapshots of an instance, kept in a store of any kind."""

import pytest

from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.wire.snapshot_archive import MsgPackSnapshotArchive
from domain.errors import InconsistentSnapshot
from domain.identity import Reference
from domain.messages import Message
from domain.settings import Settings
from domain.snapshots import CommunicatorState, Snapshot

MACRO = Reference("macro")
SNAPSHOT = Snapshot(
    ("at_end",), 1.0, True, Message(1.0, None, [1]), Settings(), CommunicatorState({"out": (1,)})
)


@pytest.fixture
def store(tmp_path):
    return InMemorySnapshotStore(tmp_path)


@pytest.fixture
def archive(store):
    return MsgPackSnapshotArchive(lambda directory: store)


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
