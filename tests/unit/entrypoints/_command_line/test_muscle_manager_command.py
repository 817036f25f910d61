"""The command `conjoin install-muscle-manager`."""

import os
import subprocess

import pytest

from entrypoints.command_line import main


def exit_code(*arguments: str) -> object:
    with pytest.raises(SystemExit) as end:
        main(["install-muscle-manager", *arguments])
    return end.value.code


def test_installed_muscle_manager_runs_our_manager(tmp_path, capsys):
    assert exit_code(str(tmp_path)) == 0
    command = tmp_path / "muscle_manager"
    assert capsys.readouterr().out == f"Installed {command}\n"
    assert os.access(command, os.X_OK)
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("conjoin ")
    assert exit_code(str(tmp_path)) == 0  # it may be installed again


def test_muscle_manager_of_muscle3_is_not_overwritten(tmp_path, capsys):
    (tmp_path / "muscle_manager").write_text("other")
    assert exit_code(str(tmp_path)) == 2
    assert "exists already, and is not Conjoin's" in capsys.readouterr().err
    assert (tmp_path / "muscle_manager").read_text() == "other"
