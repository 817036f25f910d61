"""Which run directories of earlier runs are found, and in which order."""

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from adapters.filesystem.past_runs import FilesystemPastRuns

PAST_RUNS = FilesystemPastRuns()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names):
    for name in names:
        Path(name, "snapshots").mkdir(parents=True)


def names_of(found):
    return [path.name for path in found]


def test_runs_are_ordered_by_start_time_and_suffix(here):
    first, second = "run_m_20260101_000000", "run_m_20260102_000000"
    expected = [first, second, f"{second}_2", f"{second}_10"]
    make(*reversed(expected))
    assert names_of(PAST_RUNS.of_model("m")) == expected


def test_other_models_and_runs_without_snapshots_are_excluded(here):
    make("run_other_20260101_000000", "run_other_20260101_000000_2")
    (here / "run_m_20260101_000000").mkdir()
    (here / "run_m_20260101_000001").touch()
    assert PAST_RUNS.of_model("m") == []


def test_directory_named_by_the_user_is_included(here):
    make("mine", "run_m_20260101_000000")
    assert names_of(PAST_RUNS.of_model("m")) == ["mine", "run_m_20260101_000000"]


def test_all_siblings_of_a_given_run_directory_are_included(here):
    make("elsewhere/mine", "elsewhere/run_other", "run_m_20260101_000000")
    found = PAST_RUNS.of_model("m", near=Path("elsewhere/next"))
    assert names_of(found) == ["mine", "run_other", "run_m_20260101_000000"]


def test_searched_directories_are_unique(here):
    assert PAST_RUNS.searched() == [here]
    assert PAST_RUNS.searched(near=Path("next")) == [here]
    assert PAST_RUNS.searched(near=Path("elsewhere/next")) == [here, here / "elsewhere"]


def test_run_is_found_once(here):
    make("run_m_20260101_000000")
    assert len(PAST_RUNS.of_model("m", near=Path("next"))) == 1


@pytest.mark.parametrize("near", ["absent/next", "file/next"])
def test_missing_parent_directory_has_no_runs(here, near):
    (here / "file").touch()
    make("run_m_20260101_000000")
    assert names_of(PAST_RUNS.of_model("m", near=Path(near))) == ["run_m_20260101_000000"]


def test_unreadable_directory_is_skipped(monkeypatch):
    with TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        make("mine", "theirs")
        Path(folder).chmod(0o755)
        Path("theirs").chmod(0o000)
        with unprivileged():
            assert names_of(PAST_RUNS.of_model("m", near=Path(folder, "next"))) == ["mine"]
        Path("theirs").chmod(0o700)
        monkeypatch.undo()


@contextmanager
def unprivileged():
    """Drop root privileges, with which every file is readable."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
