"""The instances whose output is shown."""

import argparse

import pytest

from domain.errors import ConfigurationError
from entrypoints._command_line.echo import add_echo, chosen_instances, with_echo_separated

INSTANCES = ["macro", "micro[0]", "micro[1]", "grid[0][0]", "grid[0][1]"]


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    add_echo(parser)
    return parser.parse_args(with_echo_separated(arguments))


@pytest.mark.parametrize(
    ("arguments", "names", "files"),
    [
        (["model.ymmsl"], None, ["model.ymmsl"]),
        (["--echo", "model.ymmsl"], [""], ["model.ymmsl"]),
        (["--echo", "-"], [""], ["-"]),
        (["model.ymmsl", "--echo"], [""], ["model.ymmsl"]),
        (["--echo", "macro", "model.ymmsl"], ["macro"], ["model.ymmsl"]),
        (["--echo=macro", "--echo=micro", "model.ymmsl"], ["macro", "micro"], ["model.ymmsl"]),
    ],
)
def test_echo_option_takes_a_name_but_not_a_file(arguments, names, files):
    options = parsed(*arguments)
    assert (options.echo, options.files) == (names, files)


def test_echo_option_does_not_take_an_existing_file_as_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").touch()
    assert parsed("--echo", "model").files == ["model"]


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([""], INSTANCES),
        (["macro"], ["macro"]),
        (["micro"], ["micro[0]", "micro[1]"]),
        (["micro[1]", "macro"], ["macro", "micro[1]"]),
        (["grid[0]"], ["grid[0][0]", "grid[0][1]"]),
        ([], []),
    ],
)
def test_instances_are_chosen_by_name_or_component(names, chosen):
    assert chosen_instances(names, INSTANCES) == chosen


@pytest.mark.parametrize(("name", "meant"), [("micr", "'micro'"), ("micro[2]", "'micro[0]'")])
def test_unknown_instance_name_has_a_suggestion(name, meant):
    with pytest.raises(ConfigurationError) as error:
        chosen_instances([name], INSTANCES)
    message, _, suggestion = str(error.value).partition(" Did you mean ")
    assert message == f"There is no instance '{name}'."
    assert meant in suggestion
