"""Checks that programs exist."""

from dataclasses import replace

import pytest

from adapters.ymmsl_files.checking.presence import missing_programs
from domain.identity import Reference
from domain.model.configuration import (
    BaseEnv,
    Component,
    Configuration,
    ExecutionModel,
    Model,
    Program,
)

NAME = Reference("p")


def missing(**details: object) -> list[str]:
    program = replace(Program(NAME, executable="/bin/sh"), **details)  # type: ignore[arg-type]
    components = {Reference("a"): Component(Reference("a"), {}, NAME)}
    return missing_programs(Configuration(Model(Reference("m"), components), {NAME: program}))


@pytest.fixture
def bin_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_executable(path):
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_an_executable_that_is_there_is_fine(tmp_path):
    assert missing(executable=str(make_executable(tmp_path / "a b"))) == []


def test_an_executable_that_is_not_there_is_told():
    assert missing(executable="/x/y") == [
        "Program 'p': executable '/x/y' does not exist. Correct its path, or build it first."
    ]


def test_a_file_that_is_not_executable_is_told_with_the_cure(tmp_path):
    (tmp_path / "x").touch()
    assert missing(executable=f"{tmp_path}/x") == [
        f"Program 'p': '{tmp_path}/x' is not executable. Run: chmod +x '{tmp_path}/x'"
    ]


def test_a_directory_is_told(tmp_path):
    assert "is a directory" in missing(executable=str(tmp_path))[0]


def test_a_relative_path_is_told():
    assert "Write an absolute path." in missing(executable="bin/x")[0]


@pytest.mark.parametrize("written", ["$THERE/a b", "${THERE}/a b", "~/a b", '"$THERE/a b"'])
def test_an_executable_is_looked_for_where_its_variables_say(tmp_path, monkeypatch, written):
    monkeypatch.setenv("THERE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    (problem,) = missing(executable=written)
    assert f"executable '{tmp_path}/a b' does not exist." in problem
    assert problem.endswith(f" It is written as '{written}'.")
    make_executable(tmp_path / "a b")
    assert missing(executable=written) == []


def test_an_unset_variable_in_a_path_that_is_missing_is_named(monkeypatch):
    monkeypatch.delenv("NOWHERE", raising=False)
    monkeypatch.delenv("NEITHER", raising=False)
    problems = missing(executable="$NOWHERE/x", virtual_env="/${NOWHERE}/${NEITHER}y")
    assert [problem.partition(" It is written as ")[2] for problem in problems] == [
        "'/${NOWHERE}/${NEITHER}y', but 'NOWHERE' and 'NEITHER' are not set.",
        "'$NOWHERE/x', but 'NOWHERE' is not set.",
    ]


def test_a_path_with_a_variable_is_not_looked_for_where_its_value_is_not_known():
    unknown = {"executable": "$SOLVER_HOME/bin/x", "virtual_env": "$SOLVER_HOME/venv"}
    assert missing(**unknown, modules=("solver",)) == []
    assert missing(**unknown, base_env=BaseEnv.LOGIN) == []
    assert (
        "executable '/no/x' does not exist" in missing(executable="/no/x", modules=("solver",))[0]
    )


@pytest.mark.parametrize("written", ["${THERE:-/}/x", "/$(date)/x", "~nosuchuser/x"])
def test_what_is_not_replaced_in_a_path_is_explained(written):
    assert missing(executable=written)[0].endswith(
        " Only '~', '$NAME' and '${NAME}' are replaced here."
    )


def test_a_command_may_be_a_variable(bin_directory, monkeypatch):
    make_executable(bin_directory / "solver")
    monkeypatch.setenv("SOLVER", "solver")
    assert missing(executable="$SOLVER") == []
    monkeypatch.setenv("SOLVER", "slover")
    assert missing(executable="$SOLVER")[0].endswith(" It is written as '$SOLVER'.")


def test_a_command_is_looked_for_on_the_path(bin_directory):
    make_executable(bin_directory / "solver")
    assert missing(executable="solver") == []
    assert "command 'slover' is not on the PATH" in missing(executable="slover")[0]


def test_a_command_in_the_current_directory_is_pointed_at(bin_directory, monkeypatch):
    make_executable(bin_directory / "solver")
    monkeypatch.setenv("PATH", "/nowhere")
    assert f"Did you mean '{bin_directory}/solver'?" in missing(executable="solver")[0]


def test_a_command_is_looked_for_in_the_virtual_environment(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "activate").touch()
    make_executable(tmp_path / "bin" / "solver")
    assert missing(executable="solver", virtual_env=str(tmp_path)) == []
    assert missing(executable="$VIRTUAL_ENV/bin/solver", virtual_env=str(tmp_path)) == []


def test_a_virtual_environment_that_is_not_there_is_told(tmp_path):
    assert "virtual environment '/x/y' does not exist" in missing(virtual_env="/x/y")[0]
    assert "has no file bin/activate" in missing(virtual_env=str(tmp_path))[0]


@pytest.mark.parametrize(
    "details",
    [
        {"modules": ("gcc",)},
        {"base_env": BaseEnv.LOGIN},
        {"base_env": BaseEnv.CLEAN},
        {"env": {"+PATH": ":/x"}},
    ],
)
def test_a_command_is_not_looked_for_where_the_path_is_not_known(details):
    assert missing(executable="no_such_command", **details) == []


def test_mpi_must_be_there(bin_directory):
    make_executable(bin_directory / "solver")
    said = missing(executable="solver", execution_model=ExecutionModel.OPENMPI)
    assert "there is no 'mpirun' on the PATH" in said[0]


def test_scripts_and_manual_programs_are_not_looked_at():
    assert missing(executable=None, script="anything") == []
    assert missing(executable=None, execution_model=ExecutionModel.MANUAL) == []
