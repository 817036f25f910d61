"""Instance snapshots in a snapshot store: errors, and which store is used."""

import numpy as np
import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
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
def repository(store):
    return MsgPackSnapshotRepository(lambda directory: store)


def test_snapshot_round_trips(repository):
    assert repository.load(repository.add("somewhere", MACRO, 1, SNAPSHOT)) == SNAPSHOT


def test_missing_snapshot_is_rejected_with_its_location(repository, store):
    location = repository.add(None, MACRO, 1, SNAPSHOT)
    store.remove(location)
    with pytest.raises(InconsistentSnapshot, match=f"'{location}'.*nothing there"):
        repository.load(location)


def test_damaged_snapshot_is_rejected_with_its_location(repository, store):
    location = repository.add(None, MACRO, 1, SNAPSHOT)
    store.snapshots[location] = store.snapshots[location][:-5]
    with pytest.raises(InconsistentSnapshot, match=f"'{location}'.*damaged"):
        repository.load(location)


def test_unreadable_snapshot_is_rejected_with_the_reason(repository, store, monkeypatch):
    def fail(location):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(store, "load", fail)
    with pytest.raises(InconsistentSnapshot, match="Permission denied"):
        repository.load("x")


def test_storage_failure_is_raised(repository, store):
    store.failure = OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space"):
        repository.add(None, MACRO, 1, SNAPSHOT)


def test_check_rejects_a_store_that_cannot_be_opened(repository):
    def fail(location):
        raise OSError(f"'{location}' needs a package")

    repository.check("s3://b")
    with pytest.raises(ConfigurationError, match="'s3://b' needs a package"):
        MsgPackSnapshotRepository(fail).check("s3://b")


def test_store_is_opened_for_each_location(store):
    opened = []

    def open_store(location):
        opened.append(location)
        return store

    repository = MsgPackSnapshotRepository(open_store)
    location = repository.add("s3://b", MACRO, 1, SNAPSHOT)
    repository.load(location)
    repository.add(None, MACRO, 1, SNAPSHOT)
    assert opened == ["s3://b", location, "."]


def test_large_state_is_stored_without_a_copy(tmp_path, monkeypatch):
    stored = []
    monkeypatch.setattr(
        FilesystemSnapshotStore,
        "store_pieces",
        lambda _store, _instance, _number, pieces: stored.extend(pieces) or "here",
    )
    state = np.arange(100_000.0)
    full = SNAPSHOT._replace(message=Message(0.0, None, {"state": state}))
    repository = MsgPackSnapshotRepository(lambda _: FilesystemSnapshotStore(tmp_path))
    assert repository.add(None, MACRO, 1, full) == "here"
    (large,) = (piece for piece in stored if len(piece) >= state.nbytes)
    assert np.shares_memory(np.frombuffer(large), state)


def test_start_in_a_directory_removes_the_temporary_files_of_killed_writers(tmp_path):
    (tmp_path / ".macro_1.pack.tmp").write_bytes(b"x")
    MsgPackSnapshotRepository(lambda _: FilesystemSnapshotStore(tmp_path)).check(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
