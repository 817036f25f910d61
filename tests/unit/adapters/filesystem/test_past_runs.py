"""Which directories are those of earlier runs, and in which order."""

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from adapters.filesystem.past_runs import past_runs


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names):
    for name in names:
        Path(name, "snapshots").mkdir(parents=True)


def names_of(found):
    return [path.name for path in found]


def test_runs_are_in_the_order_of_time_and_of_those_of_one_second(here):
    first, second = "run_m_20260101_000000", "run_m_20260102_000000"
    expected = [first, second, f"{second}_2", f"{second}_10"]
    make(*reversed(expected))
    assert names_of(past_runs("m")) == expected


def test_other_models_and_runs_without_snapshots_are_left_out(here):
    make("run_other_20260101_000000", "run_other_20260101_000000_2")
    (here / "run_m_20260101_000000").mkdir()
    (here / "run_m_20260101_000001").touch()
    assert past_runs("m") == []


def test_a_directory_that_the_user_named_may_hold_a_run_of_any_model(here):
    make("mine", "run_m_20260101_000000")
    assert names_of(past_runs("m")) == ["mine", "run_m_20260101_000000"]


def test_beside_a_directory_that_the_user_chose_any_name_will_do(here):
    make("elsewhere/mine", "elsewhere/run_other", "run_m_20260101_000000")
    found = past_runs("m", near=Path("elsewhere/next"))
    assert names_of(found) == ["mine", "run_other", "run_m_20260101_000000"]


def test_each_run_is_found_once(here):
    make("run_m_20260101_000000")
    assert len(past_runs("m", near=Path("next"))) == 1


@pytest.mark.parametrize("near", ["absent/next", "file/next"])
def test_where_there_is_no_directory_there_are_no_runs(here, near):
    (here / "file").touch()
    make("run_m_20260101_000000")
    assert names_of(past_runs("m", near=Path(near))) == ["run_m_20260101_000000"]


def test_what_others_keep_to_themselves_is_passed_over(monkeypatch):
    with TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        make("mine", "theirs")
        Path(folder).chmod(0o755)
        Path("theirs").chmod(0o000)
        with unprivileged():
            assert names_of(past_runs("m", near=Path(folder, "next"))) == ["mine"]
        Path("theirs").chmod(0o700)
        monkeypatch.undo()


@contextmanager
def unprivileged():
    """Be nobody, where we are root, who may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
