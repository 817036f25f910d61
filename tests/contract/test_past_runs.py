"""Contract of PastRuns."""

from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from adapters.filesystem.past_runs import FilesystemPastRuns
from adapters.in_memory.past_runs import InMemoryPastRuns
from application.interfaces.past_runs import PastRuns

MINE, OTHERS = "run_m_20260101_000000", "run_other_20260101_000000"


class PastRunsContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def make(self, folder: Path) -> PastRuns:
        """Return a PastRuns for a folder with two runs in `here` and one in `there`."""

    @pytest.fixture
    def runs(self, tmp_path):
        return self.make(tmp_path)

    def test_runs_of_the_model_are_found(self, runs, tmp_path):
        assert list(runs.of_model("m")) == [tmp_path / "here" / MINE]

    def test_siblings_of_the_new_run_are_searched_too(self, runs, tmp_path):
        near = tmp_path / "there" / "next"
        found = runs.of_model("m", near=near)
        assert sorted(found) == [tmp_path / "here" / MINE, tmp_path / "there" / "mine"]
        assert list(runs.searched(near=near)) == [tmp_path / "here", tmp_path / "there"]

    def test_paths_can_be_tested_for_existence(self, runs, tmp_path):
        assert runs.is_directory(tmp_path / "here" / MINE)
        assert runs.exists(tmp_path / "here" / MINE)
        assert not runs.exists(tmp_path / "absent")
        assert not runs.is_directory(tmp_path / "absent")


class TestInMemoryPastRuns(PastRunsContract):
    def make(self, folder):
        names = {"m": [folder / "here" / MINE], "other": [folder / "here" / OTHERS]}
        return InMemoryPastRuns(folder / "here", names, elsewhere=[folder / "there" / "mine"])


class TestFilesystemPastRuns(PastRunsContract):
    @pytest.fixture(autouse=True)
    def enter_folder(self, tmp_path, monkeypatch):
        for name in (f"here/{MINE}", f"here/{OTHERS}", "there/mine"):
            (tmp_path / name / "snapshots").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "here")

    def make(self, folder):
        return FilesystemPastRuns()
