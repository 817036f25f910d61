"""Where a run directory is created, and when it is rejected."""

import os
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.filesystem.run_directory import FilesystemRunDirectory
from domain.errors import ConfigurationError
from domain.identity import Reference

MODEL = Reference("reaction_diffusion")
START = datetime(2026, 11, 20, 9, 5, 7).astimezone()


def test_new_run_directory_is_named_after_model_and_time(tmp_path):
    directory = FilesystemRunDirectory.create(MODEL, parent=tmp_path, start=START)
    assert directory.path == tmp_path / "run_reaction_diffusion_20261120_090507"
    assert directory.path.is_dir()


def test_runs_started_in_the_same_second_get_separate_run_directories(tmp_path):
    names = [
        FilesystemRunDirectory.create(MODEL, parent=tmp_path, start=START).path.name
        for _ in range(3)
    ]
    stem = "run_reaction_diffusion_20261120_090507"
    assert names == [stem, f"{stem}_2", f"{stem}_3"]


def test_instance_has_a_working_directory_and_a_snapshot_directory(tmp_path):
    directory = FilesystemRunDirectory.in_existing(tmp_path)
    path = directory.instance_directory(Reference("micro[3]"))
    assert sorted(child.name for child in path.iterdir()) == ["snapshots", "workdir"]


def test_relative_run_directory_is_resolved_when_it_is_opened(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    directory = FilesystemRunDirectory.in_existing(Path("mine"))
    monkeypatch.chdir("/")
    assert directory.log_directory() == tmp_path / "mine" / "logs"


def test_log_and_profile_have_fixed_file_names(tmp_path):
    directory = FilesystemRunDirectory.in_existing(tmp_path)
    assert directory.log_file == tmp_path / "muscle3_manager.log"
    assert directory.profile_file == tmp_path / "performance.sqlite"


def test_missing_run_directory_is_rejected(tmp_path):
    with pytest.raises(ConfigurationError, match=r"absent' does not exist.*Create it first"):
        FilesystemRunDirectory.in_existing(tmp_path / "absent")


def test_file_as_run_directory_is_rejected(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="not a directory"):
        FilesystemRunDirectory.in_existing(tmp_path / "file")


def test_run_directory_with_an_earlier_run_is_rejected(tmp_path):
    FilesystemRunDirectory.in_existing(tmp_path).instance_directory(Reference("micro"))
    with pytest.raises(ConfigurationError, match="output of an earlier run"):
        FilesystemRunDirectory.in_existing(tmp_path)


# Root may write anywhere, so the tests need paths that even root cannot write to: a directory whose
# name is taken by a file, and /proc.
def test_unusable_directory_is_named_in_the_error(tmp_path):
    (tmp_path / "instances").touch()
    with pytest.raises(ConfigurationError, match=r"instances' could not be written: File exists"):
        FilesystemRunDirectory.in_existing(tmp_path)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_unwritable_parent_directory_is_named_in_the_error():
    with pytest.raises(ConfigurationError, match=r"/proc/run_reaction.*could not be written"):
        FilesystemRunDirectory.create(MODEL, parent=Path("/proc"), start=START)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_directory_without_write_permission_is_named_in_the_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        FilesystemRunDirectory.in_existing(tmp_path)


def test_configuration_that_cannot_be_saved_is_named_in_the_error(tmp_path):
    directory = FilesystemRunDirectory.in_existing(tmp_path)
    (tmp_path / "configuration.ymmsl").mkdir()
    with pytest.raises(ConfigurationError, match=r"configuration.ymmsl' could not be written: Is"):
        directory.save_configuration("text")


def test_remove_accepts_a_missing_run_directory(tmp_path):
    directory = FilesystemRunDirectory.create(MODEL, parent=tmp_path, start=START)
    directory.instance_directory(Reference("micro"))
    directory.remove()
    directory.remove()
    assert list(tmp_path.iterdir()) == []


def test_error_output_tail_has_no_control_characters_but_its_file_stays_as_it_is(tmp_path):
    directory = FilesystemRunDirectory.in_existing(tmp_path)
    file = directory.instance_directory(Reference("micro")) / "stderr.txt"
    file.write_text("\x1b]0;title\x07first\nlast\u202e\n")
    tail = directory.instance_output_tail(Reference("micro"), lines=2)
    assert tail == "\\x1b]0;title\\x07first\nlast\\u202e"
    assert "\x1b" in file.read_text()


def test_configuration_is_saved_in_a_private_file(tmp_path):
    old = os.umask(0)
    try:
        FilesystemRunDirectory.in_existing(tmp_path).save_configuration("env: {TOKEN: x}\n")
    finally:
        os.umask(old)
    assert (tmp_path / "configuration.ymmsl").stat().st_mode & 0o777 == 0o600


def test_instance_that_printed_nothing_on_a_full_disk_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    directory = FilesystemRunDirectory(tmp_path)
    assert directory.instance_output_tail(Reference("a"), lines=5) == ""
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=0))
    assert "is full" in directory.instance_output_tail(Reference("a"), lines=5)
