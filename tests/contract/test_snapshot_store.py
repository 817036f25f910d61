"""Contract of SnapshotStore."""

import os
import subprocess
import sys
import uuid
from abc import abstractmethod

import fsspec
import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from conjoin.interfaces import Reference
from conjoin.testing import PersistentSnapshotStoreContract, SnapshotStoreContract

MACRO = Reference("macro")
HOST = os.uname().nodename


def ended_pid():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


class TestInMemorySnapshotStore(SnapshotStoreContract):
    def make(self, folder):
        return InMemorySnapshotStore()


class LeftoverRemoverContract(PersistentSnapshotStoreContract):
    """More tests, for a store that removes the temporary files of killed writers."""

    @abstractmethod
    def leave_behind(self, folder, name):
        """Create a temporary file in the store, as a killed writer leaves it."""

    @abstractmethod
    def names_in_store(self, folder):
        """Return the names of all files in the store."""

    def test_stored_snapshots_are_not_leftovers(self, store):
        store.remove_leftovers()
        location = store.store(MACRO, 1, b"x")
        store.remove_leftovers()
        assert store.locations() == [location]

    def test_temporary_files_of_killed_writers_only_are_removed(self, store, tmp_path):
        store.store(MACRO, 1, b"x")
        live = f".macro_2.pack.{HOST}-{os.getpid()}.tmp"
        for name in (live, f".macro_2.pack.{HOST}-{ended_pid()}.tmp", ".macro_3.pack.tmp"):
            self.leave_behind(tmp_path, name)
        store.remove_leftovers()
        assert sorted(self.names_in_store(tmp_path)) == [live, "macro_1.pack"]


class LocalSnapshotStoreContract(LeftoverRemoverContract):
    """More tests, for a store in files."""

    def leave_behind(self, folder, name):
        (folder / "snapshots" / name).write_bytes(b"half")

    def names_in_store(self, folder):
        return [path.name for path in (folder / "snapshots").iterdir()]

    def test_snapshot_in_pieces_is_stored_as_a_whole(self, store):
        pieces = [b"head", memoryview(bytes(100_000)), b"", b"tail"]
        location = store.store_pieces(MACRO, 1, pieces)
        assert store.load(location) == b"".join(pieces)
        assert store.locations() == [location]


class TestFilesystemSnapshotStore(LocalSnapshotStoreContract):
    def make(self, folder):
        return FilesystemSnapshotStore(folder / "snapshots")


class TestFsspecSnapshotStoreOnLocalFiles(LeftoverRemoverContract):
    def make(self, folder):
        return FsspecSnapshotStore(f"file://{folder}/snapshots")

    def leave_behind(self, folder, name):
        (folder / "snapshots" / name).write_bytes(b"half")

    def names_in_store(self, folder):
        return [path.name for path in (folder / "snapshots").iterdir()]


class TestFsspecSnapshotStoreInMemory(LeftoverRemoverContract):
    @pytest.fixture(autouse=True)
    def choose_root(self):
        self.root = uuid.uuid4().hex  # fsspec's memory file system is shared by the whole process

    def make(self, folder):
        return FsspecSnapshotStore(f"memory://{self.root}/snapshots")

    def leave_behind(self, folder, name):
        fsspec.filesystem("memory").pipe(f"/{self.root}/snapshots/{name}", b"half")

    def names_in_store(self, folder):
        paths = fsspec.filesystem("memory").ls(f"/{self.root}/snapshots", detail=False)
        return [path.rpartition("/")[2] for path in paths]


def test_unknown_fsspec_protocol_is_rejected(tmp_path):
    with pytest.raises(OSError, match="unheard-of://x"):
        FsspecSnapshotStore("unheard-of://x")
