"""Variables in start commands: which are unset, and the values of the others."""

import pytest

from adapters.ymmsl_files.checking.shell_arguments import replaced
from domain.identity import Reference
from domain.model.configuration import BaseEnv, Program
from tests.unit.adapters.ymmsl_files.models import MACRO_MICRO, PROGRAM, warnings_of, whole


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("SET_HERE", "x")
    monkeypatch.delenv("KITCHEN", raising=False)


def argument_warnings(args: str, details: str = "") -> list[str]:
    program = PROGRAM.replace("/bin/true}", f"/bin/true, args: {args}{details}}}")
    return warnings_of(whole(MACRO_MICRO, program))


@pytest.mark.parametrize(
    "args", ["$KITCHEN/pot.py", "${KITCHEN}/pot.py", "\"it''s $KITCHEN\"", "-x $KITCHEN$KITCHEN"]
)
def test_unset_variable_is_a_warning(args):
    (warning,) = argument_warnings(f"'{args}'")
    assert warning == (
        "Program 'p': variable 'KITCHEN' in its 'args' is not set here, nor in its 'env'. Set it"
        " before you start the manager: export KITCHEN=..."
    )


@pytest.mark.parametrize(
    "args",
    [
        "$SET_HERE/pot.py",
        "-n $MUSCLE_THREADS",
        "$PWD",
        "${KITCHEN:-/home}/pot.py",
        "\\$KITCHEN",
        "''$KITCHEN''",
        "$1 $$",
    ],
)
def test_set_or_literal_variable_is_accepted(args):
    assert argument_warnings(f"'{args}'") == []


@pytest.mark.parametrize(
    "details",
    [
        ", env: {KITCHEN: x}",
        ", env: {+KITCHEN: x}",
        ", modules: [kitchen]",
        ", base_env: login",
        ", execution_model: manual",
    ],
)
def test_variable_that_may_be_set_later_is_accepted(details):
    assert argument_warnings("$KITCHEN", details) == []


@pytest.mark.parametrize("args", ["[x, $KITCHEN]", "['${KITCHEN}/pot.py']", "['\"$KITCHEN\"']"])
def test_unset_variable_in_a_list_of_arguments_is_named(args):
    (warning,) = argument_warnings(args)
    assert "variable 'KITCHEN' in its 'args' is not set here" in warning


@pytest.mark.parametrize("args", ["[$SET_HERE, ~/pot.py]", "['\\$KITCHEN']", "[\"'$KITCHEN'\"]"])
def test_list_of_arguments_without_unset_variables_is_accepted(args):
    assert argument_warnings(args) == []


@pytest.mark.parametrize(
    ("field", "program"),
    [
        ("executable", "executable: $KITCHEN/pot"),
        ("virtual_env", "executable: /bin/true, virtual_env: '${KITCHEN}/venv'"),
    ],
)
def test_unset_variable_in_a_path_is_named(field, program):
    text = f"programs:\n  p: {{description: x, {program}}}\n"
    (warning,) = warnings_of(whole(MACRO_MICRO, text))
    assert f"variable 'KITCHEN' in its '{field}' is not set here, nor in its 'env'" in warning


def test_unset_variable_in_a_v0_1_implementation_is_named():
    text = "ymmsl_version: v0.1\nmodel:\n  name: m\n  components: {macro: p}\n"
    text += (
        "implementations:\n  p: {executable: $KITCHEN/x, args: [$KITCHEN], virtual_env: $KITCHEN}\n"
    )
    named = [warning for warning in warnings_of(text) if "'KITCHEN'" in warning]
    assert [warning.split("'")[5] for warning in named] == ["virtual_env", "executable", "args"]


def test_virtual_env_is_a_variable_only_with_a_virtual_environment(monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert "'VIRTUAL_ENV'" in argument_warnings("[$VIRTUAL_ENV]")[0]
    assert argument_warnings("[$VIRTUAL_ENV]", ", virtual_env: /venv") == []


@pytest.mark.parametrize("argument", ["${SET_HERE:-x}", "a$(date)", "$((1 + 2))"])
def test_shell_expansion_in_a_list_argument_is_a_warning(argument):
    (warning,) = argument_warnings(f"[-x, '{argument}']")
    assert warning == (
        f"Program 'p': argument '{argument}' is passed on literally, since only '~', '$NAME' and"
        " '${NAME}' are replaced in a list. Write 'args' as one string to have the shell"
        " interpret it."
    )


@pytest.mark.parametrize(
    ("word", "details", "expected"),
    [
        ("$SET_HERE/y", {}, "x/y"),
        ("$SET_HERE", {"env": {"SET_HERE": "own"}}, "own"),
        ("$SET_HERE", {"env": {"+SET_HERE": "z"}}, "xz"),
        ("$SET_HERE", {"env": {"SET_HERE": "$KITCHEN"}}, "$KITCHEN"),
        ("$KITCHEN/y", {}, "/y"),
        ("~/y", {}, "/home/me/y"),
        ("~/y", {"env": {"HOME": "/other"}}, "/other/y"),
        ("~/y", {"modules": ("gcc",)}, "/home/me/y"),
        ("~nosuchuser/y", {}, "~nosuchuser/y"),
        ("$VIRTUAL_ENV/y", {"virtual_env": "/venv"}, "/active/y"),
        # unknown until the program is started
        ("$SET_HERE", {"modules": ("gcc",)}, None),
        ("$SET_HERE", {"base_env": BaseEnv.LOGIN}, None),
        ("$PWD/y", {}, None),
        ("$MUSCLE_INSTANCE", {}, None),
    ],
)
def test_expanded_word_is_what_the_program_receives(monkeypatch, word, details, expected):
    monkeypatch.setenv("HOME", "/home/me")
    program = Program(Reference("p"), **details)
    assert replaced(word, program, virtual_env="/active") == expected
