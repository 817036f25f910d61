"""Where a run directory is created, and when it is rejected."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from adapters.filesystem.run_directory import FilesystemRunDirectory
from domain.errors import ConfigurationError
from domain.identity import Reference

MODEL = Reference("reaction_diffusion")
MOMENT = datetime(2026, 11, 20, 9, 5, 7).astimezone()


def test_a_new_one_is_named_after_model_and_moment(tmp_path):
    directory = FilesystemRunDirectory.create(MODEL, parent=tmp_path, moment=MOMENT)
    assert directory.path == tmp_path / "run_reaction_diffusion_20261120_090507"
    assert directory.path.is_dir()


def test_runs_of_the_same_second_get_directories_of_their_own(tmp_path):
    names = [
        FilesystemRunDirectory.create(MODEL, parent=tmp_path, moment=MOMENT).path.name
        for _ in range(3)
    ]
    stem = "run_reaction_diffusion_20261120_090507"
    assert names == [stem, f"{stem}_2", f"{stem}_3"]


def test_an_instance_gets_a_working_directory_and_one_for_snapshots(tmp_path):
    directory = FilesystemRunDirectory.in_existing(tmp_path)
    path = directory.instance_directory(Reference("micro[3]"))
    assert sorted(child.name for child in path.iterdir()) == ["snapshots", "workdir"]


def test_a_relative_one_stays_where_it_is(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    directory = FilesystemRunDirectory.in_existing(Path("mine"))
    monkeypatch.chdir("/")
    assert directory.log_directory() == tmp_path / "mine" / "logs"


def test_the_log_and_the_profile_have_their_names(tmp_path):
    directory = FilesystemRunDirectory.in_existing(tmp_path)
    assert directory.log_file == tmp_path / "muscle3_manager.log"
    assert directory.profile_file == tmp_path / "performance.sqlite"


def test_one_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"absent' does not exist.*Make it first"):
        FilesystemRunDirectory.in_existing(tmp_path / "absent")


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="no directory"):
        FilesystemRunDirectory.in_existing(tmp_path / "file")


def test_one_that_holds_an_earlier_run_is_refused(tmp_path):
    FilesystemRunDirectory.in_existing(tmp_path).instance_directory(Reference("micro"))
    with pytest.raises(ConfigurationError, match="output of an earlier run"):
        FilesystemRunDirectory.in_existing(tmp_path)


# Root may write anywhere, so the tests need places where even root cannot: a directory whose name
# is taken by a file, and /proc.
def test_an_unusable_directory_is_named(tmp_path):
    (tmp_path / "instances").touch()
    with pytest.raises(ConfigurationError, match=r"instances' could not be written: File exists"):
        FilesystemRunDirectory.in_existing(tmp_path)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a place where nobody may write")
def test_an_unwritable_parent_is_named():
    with pytest.raises(ConfigurationError, match=r"/proc/run_reaction.*could not be written"):
        FilesystemRunDirectory.create(MODEL, parent=Path("/proc"), moment=MOMENT)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_write_permission_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        FilesystemRunDirectory.in_existing(tmp_path)


def test_a_configuration_that_cannot_be_saved_is_named(tmp_path):
    directory = FilesystemRunDirectory.in_existing(tmp_path)
    (tmp_path / "configuration.ymmsl").mkdir()
    with pytest.raises(ConfigurationError, match=r"configuration.ymmsl' could not be written: Is"):
        directory.save_configuration("text")


def test_a_directory_that_is_removed_may_be_gone_already(tmp_path):
    directory = FilesystemRunDirectory.create(MODEL, parent=tmp_path, moment=MOMENT)
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
