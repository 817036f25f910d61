"""The contract of `SnapshotStore`."""

from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from conjoin.interfaces import Reference, SnapshotStore

MACRO = Reference("macro")
MICRO = Reference("outer.micro[3][0]")


class SnapshotStoreContract(ABC):
    """Tests for a snapshot store."""

    @abstractmethod
    def make(self, folder: Path) -> SnapshotStore:
        """Return a store, which may store its files in a folder.

        It is empty if this is the first one with that folder.
        """

    @pytest.fixture
    def store(self, tmp_path: Path) -> SnapshotStore:
        return self.make(tmp_path)

    def test_stored_snapshot_can_be_loaded(self, store: SnapshotStore) -> None:
        location = store.store(MACRO, 1, b"the state")
        assert store.load(location) == b"the state"
        store.secure(location)

    def test_snapshots_have_different_locations(self, store: SnapshotStore) -> None:
        stored = {store.store(name, n, bytes([n])): n for name in (MACRO, MICRO) for n in (1, 2)}
        assert len(stored) == 4
        assert all(store.load(location) == bytes([n]) for location, n in stored.items())

    def test_location_contains_instance_and_number(self, store: SnapshotStore) -> None:
        assert store.store(MICRO, 12, b"x").endswith("outer.micro-3--0-_12.pack")

    def test_empty_and_large_snapshots_can_be_stored(self, store: SnapshotStore) -> None:
        large = bytes(range(256)) * 20_000
        assert store.load(store.store(MACRO, 1, b"")) == b""
        assert store.load(store.store(MACRO, 2, large)) == large

    def test_size_is_the_number_of_stored_bytes(self, store: SnapshotStore) -> None:
        assert store.size(store.store(MACRO, 1, b"the state")) == 9
        assert store.size(store.store(MACRO, 2, b"")) == 0

    def test_snapshot_replaces_one_with_the_same_number(self, store: SnapshotStore) -> None:
        store.store(MACRO, 1, b"a long old one")
        location = store.store(MACRO, 1, b"new")
        assert store.load(location) == b"new"
        assert store.locations() == [location]

    def test_locations_are_listed_in_order(self, store: SnapshotStore) -> None:
        stored = [store.store(MACRO, number, b"x") for number in range(1, 12)]
        assert store.locations() == stored

    def test_locations_of_one_instance_are_listed_together(self, store: SnapshotStore) -> None:
        for number in (9, 10, 11):
            for name in (MICRO, MACRO):
                store.store(name, number, b"x")
        names = [location.rpartition("/")[2].rpartition(":")[2] for location in store.locations()]
        assert names == [
            *(f"macro_{number}.pack" for number in (9, 10, 11)),
            *(f"outer.micro-3--0-_{number}.pack" for number in (9, 10, 11)),
        ]

    def test_new_store_is_empty(self, store: SnapshotStore) -> None:
        assert list(store.locations()) == []

    def test_removed_snapshot_cannot_be_loaded(self, store: SnapshotStore) -> None:
        first, second = store.store(MACRO, 1, b"1"), store.store(MACRO, 2, b"2")
        store.remove(first)
        assert store.locations() == [second]
        with pytest.raises(FileNotFoundError):
            store.load(first)

    @pytest.mark.parametrize("method", ["load", "size", "secure", "remove"])
    def test_missing_snapshot_is_an_error(self, store: SnapshotStore, method: str) -> None:
        location = store.store(MACRO, 1, b"1")
        store.remove(location)
        with pytest.raises(FileNotFoundError):
            getattr(store, method)(location)

    def test_missing_snapshot_has_no_local_path(self, store: SnapshotStore, tmp_path: Path) -> None:
        location = store.store(MACRO, 1, b"1")
        store.remove(location)
        with pytest.raises(FileNotFoundError):
            store.local_path(location, scratch=tmp_path)

    def test_local_path_is_a_file_with_the_same_content(
        self, store: SnapshotStore, tmp_path: Path
    ) -> None:
        path = store.local_path(store.store(MICRO, 1, b"the state"), scratch=tmp_path)
        assert Path(path).is_absolute()
        assert Path(path).read_bytes() == b"the state"


class PersistentSnapshotStoreContract(SnapshotStoreContract):
    """More tests, for a store whose snapshots outlive it."""

    def test_another_store_finds_stored_snapshots(
        self, store: SnapshotStore, tmp_path: Path
    ) -> None:
        location = store.store(MACRO, 1, b"the state")
        other = self.make(tmp_path)
        assert other.load(location) == b"the state"
        assert other.locations() == [location]
