"""Contract of SnapshotRepository, with different snapshot stores."""

from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.errors import InconsistentSnapshot
from domain.identity import Reference

MACRO = Reference("macro")
MICRO = Reference("outer.micro[3][0]")


def snapshot(number=1):
    counts = CommunicatorState({"out": (number,), "in": (1, 2)})
    message = Message(float(number), None, {"n": [number, "é", b"\0"]})
    return Snapshot(("at_end",), 2.5, True, message, Settings({"a": number}), counts)


class SnapshotRepositoryContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def make(self, folder: Path):
        """Return a repository, and a function that replaces or removes the bytes at a location."""

    @pytest.fixture(autouse=True)
    def make_repository(self, tmp_path):
        self.repository, self.replace = self.make(tmp_path)
        self.directory = str(tmp_path / "created" / "if needed")

    def test_snapshot_round_trips(self):
        location = self.repository.add(self.directory, MACRO, 1, snapshot())
        assert self.repository.load(location) == snapshot()

    def test_snapshot_without_a_state_round_trips(self):
        bare = snapshot()._replace(message=None, is_final_snapshot=False)
        assert self.repository.load(self.repository.add(self.directory, MACRO, 1, bare)) == bare

    def test_locations_are_unique(self):
        added = {
            self.repository.add(self.directory, name, n, snapshot(n)): n
            for name in (MACRO, MICRO)
            for n in (1, 2)
        }
        assert len(added) == 4
        assert all(self.repository.load(place) == snapshot(n) for place, n in added.items())

    def test_default_directory_is_the_working_directory(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        location = self.repository.add(None, MICRO, 1, snapshot())
        assert self.repository.load(location) == snapshot()

    @pytest.mark.parametrize(
        "data", [None, b"", b"\x00", b"3", b"not a snapshot", b"\xff" * 100], ids=repr
    )
    def test_missing_or_invalid_snapshot_is_rejected_with_its_location(self, data):
        location = self.repository.add(self.directory, MACRO, 1, snapshot())
        self.replace(location, data)
        with pytest.raises(InconsistentSnapshot) as caught:
            self.repository.load(location)
        assert location in str(caught.value)


class TestMsgPackSnapshotRepositoryInMemory(SnapshotRepositoryContract):
    def make(self, folder):
        store = InMemorySnapshotStore()

        def replace(location, data):
            if data is None:
                store.remove(location)
            else:
                store.snapshots[location] = data

        return MsgPackSnapshotRepository(lambda _: store), replace


class TestMsgPackSnapshotRepositoryInFiles(SnapshotRepositoryContract):
    def make(self, folder):
        def replace(location, data):
            if data is None:
                Path(location).unlink()
            else:
                Path(location).write_bytes(data)

        repository = MsgPackSnapshotRepository(lambda place: FilesystemSnapshotStore(Path(place)))
        return repository, replace

    def test_snapshot_is_stored_in_the_given_directory(self):
        location = self.repository.add(self.directory, MACRO, 1, snapshot())
        assert [str(path) for path in Path(self.directory).iterdir()] == [location]

    def test_no_partial_snapshot_remains_after_a_failure(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(OSError, match="file"):
            self.repository.add(str(tmp_path / "file"), MACRO, 1, snapshot())
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
