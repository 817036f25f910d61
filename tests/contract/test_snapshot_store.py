"""Contract of SnapshotStore."""

import uuid

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from conjoin.interfaces import Reference
from conjoin.testing import PersistentSnapshotStoreContract, SnapshotStoreContract

MACRO = Reference("macro")


class TestInMemorySnapshotStore(SnapshotStoreContract):
    def make(self, folder):
        return InMemorySnapshotStore()


class LocalSnapshotStoreContract(PersistentSnapshotStoreContract):
    """More tests, for a store in files."""

    def test_snapshot_in_pieces_is_stored_as_a_whole(self, store):
        pieces = [b"head", memoryview(bytes(100_000)), b"", b"tail"]
        location = store.store_pieces(MACRO, 1, pieces)
        assert store.load(location) == b"".join(pieces)
        assert store.locations() == [location]

    def test_stored_snapshots_are_not_leftovers(self, store):
        store.remove_leftovers()
        location = store.store(MACRO, 1, b"x")
        store.remove_leftovers()
        assert store.locations() == [location]


class TestFilesystemSnapshotStore(LocalSnapshotStoreContract):
    def make(self, folder):
        return FilesystemSnapshotStore(folder / "snapshots")


class TestFsspecSnapshotStoreOnLocalFiles(PersistentSnapshotStoreContract):
    def make(self, folder):
        return FsspecSnapshotStore(f"file://{folder}/snapshots")


class TestFsspecSnapshotStoreInMemory(PersistentSnapshotStoreContract):
    @pytest.fixture(autouse=True)
    def choose_root(self):
        self.root = uuid.uuid4().hex  # fsspec's memory file system is shared by the whole process

    def make(self, folder):
        return FsspecSnapshotStore(f"memory://{self.root}/snapshots")


def test_unknown_fsspec_protocol_is_rejected(tmp_path):
    with pytest.raises(OSError, match="unheard-of://x"):
        FsspecSnapshotStore("unheard-of://x")
