"""Checks that programs exist."""

from dataclasses import replace

import pytest

from adapters.ymmsl_files.checking.presence import missing_programs, program_warnings
from domain.identity import Reference
from domain.model.configuration import (
    BaseEnv,
    Component,
    Configuration,
    ExecutionModel,
    Model,
    Program,
)
from domain.model.containers import Container, ContainerRunner

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


def test_existing_executable_is_accepted(tmp_path):
    assert missing(executable=str(make_executable(tmp_path / "a b"))) == []


def test_missing_executable_is_reported():
    assert missing(executable="/x/y") == [
        "Program 'p': executable '/x/y' does not exist. Correct its path, or build it first."
    ]


def test_file_that_is_not_executable_is_reported_with_advice(tmp_path):
    (tmp_path / "x").touch()
    assert missing(executable=f"{tmp_path}/x") == [
        f"Program 'p': '{tmp_path}/x' is not executable. Run: chmod +x '{tmp_path}/x'"
    ]


def test_directory_as_executable_is_reported(tmp_path):
    assert "is a directory" in missing(executable=str(tmp_path))[0]


def test_relative_path_of_an_executable_is_reported():
    assert "Write an absolute path." in missing(executable="bin/x")[0]


@pytest.mark.parametrize("written", ["$THERE/a b", "${THERE}/a b", "~/a b", '"$THERE/a b"'])
def test_variables_in_an_executable_path_are_replaced(tmp_path, monkeypatch, written):
    monkeypatch.setenv("THERE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    (problem,) = missing(executable=written)
    assert f"executable '{tmp_path}/a b' does not exist." in problem
    assert problem.endswith(f" It is written as '{written}'.")
    make_executable(tmp_path / "a b")
    assert missing(executable=written) == []


def test_unset_variable_in_the_path_of_a_missing_executable_is_named(monkeypatch):
    monkeypatch.delenv("NOWHERE", raising=False)
    monkeypatch.delenv("NEITHER", raising=False)
    problems = missing(executable="$NOWHERE/x", virtual_env="/${NOWHERE}/${NEITHER}y")
    assert [problem.partition(" It is written as ")[2] for problem in problems] == [
        "'/${NOWHERE}/${NEITHER}y', but 'NOWHERE' and 'NEITHER' are not set.",
        "'$NOWHERE/x', but 'NOWHERE' is not set.",
    ]


def test_path_with_a_variable_of_unknown_value_is_not_checked():
    unknown = {"executable": "$SOLVER_HOME/bin/x", "virtual_env": "$SOLVER_HOME/venv"}
    assert missing(**unknown, modules=("solver",)) == []
    assert missing(**unknown, base_env=BaseEnv.LOGIN) == []
    assert (
        "executable '/no/x' does not exist" in missing(executable="/no/x", modules=("solver",))[0]
    )


@pytest.mark.parametrize("written", ["${THERE:-/}/x", "/$(date)/x", "~nosuchuser/x"])
def test_unsupported_expansion_in_a_path_is_explained(written):
    assert missing(executable=written)[0].endswith(
        " Only '~', '$NAME' and '${NAME}' are replaced here."
    )


def test_variable_as_a_command_is_accepted(bin_directory, monkeypatch):
    make_executable(bin_directory / "solver")
    monkeypatch.setenv("SOLVER", "solver")
    assert missing(executable="$SOLVER") == []
    monkeypatch.setenv("SOLVER", "slover")
    assert missing(executable="$SOLVER")[0].endswith(" It is written as '$SOLVER'.")


def test_command_is_searched_on_the_path(bin_directory):
    make_executable(bin_directory / "solver")
    assert missing(executable="solver") == []
    assert "command 'slover' is not on the PATH" in missing(executable="slover")[0]


def test_command_in_the_current_directory_gets_a_hint(bin_directory, monkeypatch):
    make_executable(bin_directory / "solver")
    monkeypatch.setenv("PATH", "/nowhere")
    assert f"Did you mean '{bin_directory}/solver'?" in missing(executable="solver")[0]


def test_command_is_searched_in_the_virtual_environment(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "activate").touch()
    make_executable(tmp_path / "bin" / "solver")
    assert missing(executable="solver", virtual_env=str(tmp_path)) == []
    assert missing(executable="$VIRTUAL_ENV/bin/solver", virtual_env=str(tmp_path)) == []


def test_missing_virtual_environment_is_reported(tmp_path):
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
def test_command_is_not_searched_if_the_path_is_unknown(details):
    assert missing(executable="no_such_command", **details) == []


def test_missing_mpi_launcher_is_reported(bin_directory):
    make_executable(bin_directory / "solver")
    messages = missing(executable="solver", execution_model=ExecutionModel.OPENMPI)
    assert "there is no 'mpirun' on the PATH" in messages[0]


def test_scripts_and_manual_programs_are_not_checked():
    assert missing(executable=None, script="anything") == []
    assert missing(executable=None, execution_model=ExecutionModel.MANUAL) == []


def test_executable_in_a_container_is_not_checked(bin_directory):
    make_executable(bin_directory / "apptainer")
    image = bin_directory / "image.sif"
    image.touch()
    assert missing(executable="/x/y", container=Container(str(image))) == []
    assert missing(executable="/x/y", container=Container("docker://python")) == []


@pytest.mark.parametrize("runner", ContainerRunner)
def test_missing_container_runner_is_reported_with_advice(bin_directory, runner):
    (problem,) = missing(container=Container("docker://python", runner))
    assert problem == (
        f"Program 'p': it runs in a container, but there is no '{runner.value}' on the PATH."
        " Install it, or list the module that has it under 'modules'."
    )
    assert missing(container=Container("docker://python", runner), modules=("tools",)) == []


def test_missing_container_image_is_reported(bin_directory, monkeypatch):
    make_executable(bin_directory / "apptainer")
    monkeypatch.setenv("IMAGES", "/none")
    (problem,) = missing(container=Container("$IMAGES/a.sif"))
    assert problem == (
        "Program 'p': container image '/none/a.sif' does not exist. It is written as"
        " '$IMAGES/a.sif'."
    )


def test_image_of_an_oci_runner_is_not_a_file(bin_directory):
    make_executable(bin_directory / "podman")
    assert missing(container=Container("python:3.12", ContainerRunner.PODMAN)) == []


def test_python3_is_suggested_where_there_is_no_python(bin_directory):
    make_executable(bin_directory / "python3")
    (problem,) = missing(executable="python")
    assert problem == "Program 'p': command 'python' is not on the PATH. Did you mean 'python3'?"


def test_executable_in_the_same_directory_with_a_similar_name_is_suggested(tmp_path):
    make_executable(tmp_path / "python3")
    (problem,) = missing(executable=str(tmp_path / "python"))
    assert problem.endswith("does not exist. Did you mean 'python3'?")


def test_dangling_link_to_an_executable_is_reported(tmp_path):
    (tmp_path / "solver").symlink_to("build/solver")
    (problem,) = missing(executable=str(tmp_path / "solver"))
    assert "It is a symbolic link to 'build/solver', which does not exist." in problem


@pytest.fixture
def virtual_env(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    packages = tmp_path / "venv/lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (packages / "distutils-precedence.pth").touch()
    (tmp_path / "venv/pyvenv.cfg").write_text("include-system-site-packages = false\n")
    return tmp_path / "venv"


def warnings(**details: object) -> list[str]:
    program = replace(Program(NAME, executable="python"), **details)  # type: ignore[arg-type]
    components = {Reference("a"): Component(Reference("a"), {}, NAME)}
    return program_warnings(Configuration(Model(Reference("m"), components), {NAME: program}))


def test_virtual_environment_without_the_library_causes_a_warning(virtual_env):
    (warning,) = warnings(virtual_env=str(virtual_env))
    assert "contains neither Conjoin nor MUSCLE3" in warning


@pytest.mark.parametrize("name", ["conjoin-0.1.dist-info", "libmuscle", "_conjoin.pth"])
def test_virtual_environment_with_a_library_causes_no_warning(virtual_env, name):
    (virtual_env / "lib/python3.11/site-packages" / name).touch()
    assert warnings(virtual_env=str(virtual_env)) == []


def test_virtual_environment_for_a_compiled_program_causes_no_warning(virtual_env):
    assert warnings(virtual_env=str(virtual_env), executable="/opt/solver") == []


def test_relative_virtual_environment_is_reported_with_advice(virtual_env, monkeypatch):
    monkeypatch.chdir(virtual_env.parent)
    assert "is relative to the instance's own working directory" in missing(virtual_env="venv")[0]
