"""Checks that the files in the arguments of programs can be found where the programs run."""

from dataclasses import replace

import pytest

from adapters.ymmsl_files.checking.argument_files import (
    file_warnings,
    path_here,
    script_problems,
)
from domain.identity import Reference
from domain.model.configuration import ExecutionModel, Program

PYTHON = Program(Reference("p"), executable="python")


@pytest.fixture
def program(tmp_path, monkeypatch):
    folder = tmp_path / "my model"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("macro.py", "my macro.py", "config.xml"):
        (folder / name).touch()

    def program(args, **changes):
        env = {"YMMSL_DIR": str(folder)}
        return replace(PYTHON, args=args, env=env, **changes)

    return program


@pytest.mark.parametrize(
    ("args", "written"),
    [
        ("macro.py", "args: $YMMSL_DIR/macro.py"),
        ("./macro.py --fast", "args: $YMMSL_DIR/macro.py"),
        ("-u -W error macro.py; echo done", "args: $YMMSL_DIR/macro.py"),
        ("macro.py>log.txt 2>&1", "args: $YMMSL_DIR/macro.py"),
        ("$(which macro.py)", None),
        (("macro.py",), "args: $YMMSL_DIR/macro.py"),
        (("-B", "my macro.py"), 'args: ["$YMMSL_DIR/my macro.py"]'),
        ("'my macro.py'", 'args: ["$YMMSL_DIR/my macro.py"]'),
        ("my macro.py", 'Write a list: args: ["$YMMSL_DIR/my macro.py"]'),
        ("$YMMSL_DIR/macro.py", None),
        ("${YMMSL_DIR}/macro.py", None),
        ("-m macro.py", None),
        ("-c 'print()' macro.py", None),
        ("", None),
        ("'unbalanced", None),
        (r"*.py", None),
    ],
)
def test_script_beside_the_ymmsl_file_is_an_error_with_advice(program, args, written):
    problems = script_problems(program(args))
    assert len(problems) == (written is not None)
    assert all(str(written) in text for text in problems)


def test_script_in_the_current_directory_is_an_error_with_its_path(program, tmp_path):
    (tmp_path / "here.py").touch()
    (problem,) = script_problems(program("here.py"))
    assert f"args: {tmp_path}/here.py" in problem


@pytest.mark.parametrize(
    ("args", "warning"),
    [
        ("$YMMSL_DIR/marco.py", "marco.py' does not exist. Did you mean"),
        ("/x/y.py", "script '/x/y.py' does not exist. The directory /x does not exist either."),
        ("other.py", "script 'other.py' does not exist, neither in its working directory nor as"),
        ("$YMMSL_DIR/macro.py config.xml", "argument 'config.xml' is relative to the instance's"),
        ("$YMMSL_DIR/macro.py --x config", None),
        ("$YMMSL_DIR/macro.py", None),
        ("macro.py config.xml", None),  # an error already
    ],
)
def test_file_that_the_program_may_not_find_causes_a_warning(program, args, warning):
    warnings = file_warnings(program(args))
    assert len(warnings) == (warning is not None)
    assert all(str(warning) in text for text in warnings)


def test_file_for_a_program_that_is_not_an_interpreter_causes_a_warning(program):
    solver = program("config.xml", executable="/opt/solver")
    assert script_problems(solver) == []
    assert "Write 'args: $YMMSL_DIR/config.xml'" in file_warnings(solver)[0]


def test_program_that_is_started_by_hand_is_not_checked(program):
    by_hand = program("macro.py config.xml", execution_model=ExecutionModel.MANUAL)
    assert script_problems(by_hand) == file_warnings(by_hand) == []


def test_path_that_exists_nowhere_has_no_advice(program):
    assert path_here("no.py", program("")) is None
    assert path_here("/no.py", program("")) is None
