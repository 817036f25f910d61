"""What every SnapshotRepository promises, over stores of each kind."""

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
    """To be subclassed for each adapter."""

    @abstractmethod
    def make(self, folder: Path):
        """Return an archive, and a function that replaces the bytes at a location; None: none."""

    @pytest.fixture(autouse=True)
    def make_archive(self, tmp_path):
        self.archive, self.replace = self.make(tmp_path)
        self.directory = str(tmp_path / "made" / "if needed")

    def test_a_snapshot_comes_back_as_it_was(self):
        location = self.archive.store(self.directory, MACRO, 1, snapshot())
        assert self.archive.load(location) == snapshot()

    def test_one_without_a_state_comes_back_as_well(self):
        bare = snapshot()._replace(message=None, is_final_snapshot=False)
        assert self.archive.load(self.archive.store(self.directory, MACRO, 1, bare)) == bare

    def test_each_has_a_location_of_its_own(self):
        stored = {
            self.archive.store(self.directory, name, n, snapshot(n)): n
            for name in (MACRO, MICRO)
            for n in (1, 2)
        }
        assert len(stored) == 4
        assert all(self.archive.load(place) == snapshot(n) for place, n in stored.items())

    def test_no_directory_is_the_working_directory(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        location = self.archive.store(None, MICRO, 1, snapshot())
        assert self.archive.load(location) == snapshot()

    @pytest.mark.parametrize(
        "data", [None, b"", b"\x00", b"3", b"not a snapshot", b"\xff" * 100], ids=repr
    )
    def test_what_is_no_snapshot_is_refused_by_its_location(self, data):
        location = self.archive.store(self.directory, MACRO, 1, snapshot())
        self.replace(location, data)
        with pytest.raises(InconsistentSnapshot) as caught:
            self.archive.load(location)
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

        return MsgPackSnapshotRepository(
            lambda place: FilesystemSnapshotStore(Path(place))
        ), replace

    def test_it_is_put_into_the_directory_that_was_named(self):
        location = self.archive.store(self.directory, MACRO, 1, snapshot())
        assert [str(path) for path in Path(self.directory).iterdir()] == [location]

    def test_nothing_is_left_where_it_cannot_be_stored(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(OSError, match="file"):
            self.archive.store(str(tmp_path / "file"), MACRO, 1, snapshot())
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
