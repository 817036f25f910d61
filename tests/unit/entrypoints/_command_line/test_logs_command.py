"""`conjoin logs` prints the log of a run, and the output of instances."""

import argparse

import pytest

from domain.errors import ConfigurationError
from entrypoints._command_line.logs_command import LOGS


@pytest.fixture
def run_dir(tmp_path):
    (tmp_path / "muscle3_manager.log").write_text("one\ntwo\n")
    for name in ("macro", "micro[0]", "micro[1]"):
        (tmp_path / "instances" / name).mkdir(parents=True)
        (tmp_path / "instances" / name / "stdout.txt").write_text(f"I am {name}\n")
        (tmp_path / "instances" / name / "stderr.txt").touch()
    return tmp_path


@pytest.fixture
def printed(capsys):
    def run(*arguments):
        parser = argparse.ArgumentParser()
        LOGS.add_arguments(parser)
        assert LOGS.run(parser.parse_args(list(map(str, arguments)))) == 0
        return capsys.readouterr().out

    return run


def test_log_of_a_run_is_printed_without_a_name(run_dir, printed):
    assert printed(run_dir) == "one\ntwo\n"
    assert printed(run_dir, "--lines=1") == "two\n"


def test_output_of_an_instance_is_printed_with_the_names_of_its_files(run_dir, printed):
    (run_dir / "instances/macro/stderr.txt").write_text("oops\n")
    assert printed(run_dir, "macro") == (
        "==> instances/macro/stdout.txt <==\nI am macro\n==> instances/macro/stderr.txt <==\noops\n"
    )


def test_output_of_all_instances_of_a_component_is_printed(run_dir, printed):
    assert printed(run_dir, "micro") == (
        "==> instances/micro[0]/stdout.txt <==\nI am micro[0]\n"
        "==> instances/micro[1]/stdout.txt <==\nI am micro[1]\n"
    )


def test_instance_without_output_is_reported(run_dir, printed):
    (run_dir / "instances/macro/stdout.txt").write_text("")
    assert printed(run_dir, "macro") == f"There is no output in {run_dir}.\n"


def test_control_characters_in_output_are_printed_as_escapes(run_dir, printed):
    (run_dir / "instances/macro/stdout.txt").write_text("\x1b[2J\n")
    assert "\\x1b[2J" in printed(run_dir, "macro")


def test_unknown_instance_of_a_run_has_a_suggestion(run_dir, printed):
    with pytest.raises(ConfigurationError, match=r"no instance 'macr'\. Did you mean 'macro'"):
        printed(run_dir, "macr")


@pytest.mark.parametrize(
    ("name", "problem"), [("instances", "is not the directory of a run"), ("x", "not a directory")]
)
def test_directory_without_a_run_is_rejected(run_dir, printed, name, problem):
    with pytest.raises(ConfigurationError, match=problem):
        printed(run_dir / name)
