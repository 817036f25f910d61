"""Contract of SnapshotStore."""

import uuid
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from domain.identity import Reference

MACRO = Reference("macro")
MICRO = Reference("outer.micro[3][0]")


class SnapshotStoreContract(ABC):
    """Subclassed for each adapter."""

    @abstractmethod
    def make(self, folder: Path):
        """Return a store, which is empty when first made for a folder."""

    @pytest.fixture
    def store(self, tmp_path):
        return self.make(tmp_path)

    def test_stored_data_can_be_loaded(self, store):
        location = store.store(MACRO, 1, b"the state")
        assert store.load(location) == b"the state"
        store.secure(location)

    def test_locations_are_unique(self, store):
        stored = {store.store(name, n, bytes([n])): n for name in (MACRO, MICRO) for n in (1, 2)}
        assert len(stored) == 4
        assert all(store.load(location) == bytes([n]) for location, n in stored.items())

    def test_location_contains_instance_and_number(self, store):
        assert store.store(MICRO, 12, b"x").endswith("outer.micro-3--0-_12.pack")

    def test_empty_and_large_snapshots_are_stored(self, store):
        large = bytes(range(256)) * 20_000
        assert store.load(store.store(MACRO, 1, b"")) == b""
        assert store.load(store.store(MACRO, 2, large)) == large

    def test_size_is_the_number_of_bytes(self, store):
        assert store.size(store.store(MACRO, 1, b"the state")) == 9
        assert store.size(store.store(MACRO, 2, b"")) == 0

    def test_snapshot_replaces_one_with_the_same_number(self, store):
        store.store(MACRO, 1, b"a long old one")
        location = store.store(MACRO, 1, b"new")
        assert store.load(location) == b"new"
        assert store.locations() == [location]

    def test_locations_are_listed_in_order(self, store):
        stored = [store.store(MACRO, number, b"x") for number in range(1, 12)]
        assert store.locations() == stored

    def test_locations_are_grouped_by_instance(self, store):
        for number in (9, 10, 11):
            for name in (MICRO, MACRO):
                store.store(name, number, b"x")
        names = [location.rpartition("/")[2].rpartition(":")[2] for location in store.locations()]
        assert names == [
            *(f"macro_{number}.pack" for number in (9, 10, 11)),
            *(f"outer.micro-3--0-_{number}.pack" for number in (9, 10, 11)),
        ]

    def test_new_store_is_empty(self, store):
        assert list(store.locations()) == []

    def test_removed_snapshot_does_not_exist(self, store):
        first, second = store.store(MACRO, 1, b"1"), store.store(MACRO, 2, b"2")
        store.remove(first)
        assert store.locations() == [second]
        with pytest.raises(FileNotFoundError):
            store.load(first)

    @pytest.mark.parametrize("method", ["load", "size", "secure", "remove"])
    def test_missing_snapshot_raises_file_not_found(self, store, method):
        location = store.store(MACRO, 1, b"1")
        store.remove(location)
        with pytest.raises(FileNotFoundError):
            getattr(store, method)(location)

    def test_missing_snapshot_has_no_local_path(self, store, tmp_path):
        location = store.store(MACRO, 1, b"1")
        store.remove(location)
        with pytest.raises(FileNotFoundError):
            store.local_path(location, scratch=tmp_path)

    def test_local_path_has_the_same_contents(self, store, tmp_path):
        path = store.local_path(store.store(MICRO, 1, b"the state"), scratch=tmp_path)
        assert Path(path).is_absolute()
        assert Path(path).read_bytes() == b"the state"


class TestInMemorySnapshotStore(SnapshotStoreContract):
    def make(self, folder):
        return InMemorySnapshotStore()


class StoredOutsideContract(SnapshotStoreContract):
    """For stores whose snapshots outlive the store object."""

    def test_another_store_object_finds_stored_snapshots(self, store, tmp_path):
        location = store.store(MACRO, 1, b"the state")
        other = self.make(tmp_path)
        assert other.load(location) == b"the state"
        assert other.locations() == [location]


class TestFilesystemSnapshotStore(StoredOutsideContract):
    def make(self, folder):
        return FilesystemSnapshotStore(folder / "snapshots")


class TestFsspecSnapshotStoreOnLocalFiles(StoredOutsideContract):
    def make(self, folder):
        return FsspecSnapshotStore(f"file://{folder}/snapshots")


class TestFsspecSnapshotStoreInMemory(StoredOutsideContract):
    @pytest.fixture(autouse=True)
    def choose_root(self):
        self.root = uuid.uuid4().hex  # fsspec's memory is shared by the whole process

    def make(self, folder):
        return FsspecSnapshotStore(f"memory://{self.root}/snapshots")


def test_unknown_fsspec_protocol_is_an_error(tmp_path):
    with pytest.raises(OSError, match="unheard-of://x"):
        FsspecSnapshotStore("unheard-of://x")
