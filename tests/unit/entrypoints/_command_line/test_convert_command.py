"""The command `conjoin convert`."""

import pytest

from entrypoints.command_line import main

OLD = "ymmsl_version: v0.1\nsettings: {a: 1}\n"


@pytest.fixture
def old_file(tmp_path, monkeypatch):
    """A v0.1 file in the current directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.ymmsl").write_text(OLD)
    return tmp_path / "old.ymmsl"


def exit_code(*arguments: str) -> object:
    with pytest.raises(SystemExit) as end:
        main(["convert", *arguments])
    return end.value.code


def test_converted_file_goes_to_standard_output(old_file, capsys):
    assert exit_code(str(old_file)) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("ymmsl_version: v0.2\n")
    assert "comments are not converted" in printed.err


def test_converted_file_is_written_to_a_new_file(old_file):
    assert exit_code(str(old_file), "new.ymmsl") == 0
    assert (old_file.parent / "new.ymmsl").read_text().startswith("ymmsl_version: v0.2\n")


def test_existing_file_is_not_overwritten(old_file, capsys):
    assert exit_code(str(old_file), "old.ymmsl") == 2
    assert "'old.ymmsl' exists already" in capsys.readouterr().err
    assert old_file.read_text() == OLD
