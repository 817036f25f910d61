"""Command lines without a command, or with a misspelt one."""

import pytest

from entrypoints.command_line import main


def error_of(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err.partition("error: ")[2].rstrip("\n")


@pytest.mark.parametrize(
    "arguments", [["--start-all", "m.ymmsl"], ["--set", "a.x=1 2", "m.ymmsl"], ["-m", "x"]]
)
def test_options_without_a_command_are_answered_with_the_whole_command(arguments, capsys):
    shown = " ".join(f"'{text}'" if " " in text else text for text in arguments)
    assert error_of(arguments, capsys) == (
        f"the command is missing. Did you mean this? conjoin run {shown}"
    )


def test_file_without_a_command_is_answered_with_the_whole_command(tmp_path, capsys):
    file = tmp_path / "m.ymmsl"
    file.touch()
    assert error_of([str(file)], capsys).endswith(f"Did you mean this? conjoin run {file}")


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["rnu", "m.ymmsl"], "'rnu' does not exist. Did you mean 'run'?"),
        (["hosts", "chek"], "'chek' does not exist. Did you mean 'check'?"),
        (["snapshots", "shwo", "x"], "'shwo' does not exist. Did you mean 'show'?"),
        (["run", "--launcher", "srum", "x"], "'srum' does not exist. Did you mean 'srun'?"),
        (["run", "--ecko", "x"], "unrecognized arguments: --ecko. Did you mean '--echo'?"),
        (["--versio"], "unrecognized arguments: --versio. Did you mean '--version'?"),
    ],
)
def test_misspelt_command_or_option_has_a_suggestion(arguments, suggestion, capsys):
    assert suggestion in error_of(arguments, capsys)


def test_completion_script_has_all_commands(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["completion", "bash"])
    assert ended.value.code == 0
    assert "words='run check convert logs " in capsys.readouterr().out
