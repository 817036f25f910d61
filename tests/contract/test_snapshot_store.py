"""Contract of SnapshotStore."""

import uuid

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from conjoin.testing import PersistentSnapshotStoreContract, SnapshotStoreContract


class TestInMemorySnapshotStore(SnapshotStoreContract):
    def make(self, folder):
        return InMemorySnapshotStore()


class TestFilesystemSnapshotStore(PersistentSnapshotStoreContract):
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
