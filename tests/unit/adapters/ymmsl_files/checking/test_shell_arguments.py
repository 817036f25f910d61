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


def oddities(args: str, details: str = "") -> list[str]:
    program = PROGRAM.replace("/bin/true}", f"/bin/true, args: {args}{details}}}")
    return warnings_of(whole(MACRO_MICRO, program))


@pytest.mark.parametrize(
    "args", ["$KITCHEN/pot.py", "${KITCHEN}/pot.py", "\"it''s $KITCHEN\"", "-x $KITCHEN$KITCHEN"]
)
def test_a_variable_that_nobody_sets_is_a_warning(args):
    (warning,) = oddities(f"'{args}'")
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
def test_what_is_set_or_not_replaced_is_fine(args):
    assert oddities(f"'{args}'") == []


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
def test_what_may_yet_be_set_is_fine(details):
    assert oddities("$KITCHEN", details) == []


@pytest.mark.parametrize("args", ["[x, $KITCHEN]", "['${KITCHEN}/pot.py']", "['\"$KITCHEN\"']"])
def test_an_unset_variable_in_a_list_of_arguments_is_named(args):
    (warning,) = oddities(args)
    assert "variable 'KITCHEN' in its 'args' is not set here" in warning


@pytest.mark.parametrize("args", ["[$SET_HERE, ~/pot.py]", "['\\$KITCHEN']", "[\"'$KITCHEN'\"]"])
def test_a_list_of_arguments_without_unset_variables_is_fine(args):
    assert oddities(args) == []


@pytest.mark.parametrize(
    ("field", "program"),
    [
        ("executable", "executable: $KITCHEN/pot"),
        ("virtual_env", "executable: /bin/true, virtual_env: '${KITCHEN}/venv'"),
    ],
)
def test_an_unset_variable_in_a_path_is_named(field, program):
    text = f"programs:\n  p: {{description: x, {program}}}\n"
    (warning,) = warnings_of(whole(MACRO_MICRO, text))
    assert f"variable 'KITCHEN' in its '{field}' is not set here, nor in its 'env'" in warning


def test_an_unset_variable_in_an_implementation_of_the_older_version_is_named():
    text = "ymmsl_version: v0.1\nmodel:\n  name: m\n  components: {macro: p}\n"
    text += (
        "implementations:\n  p: {executable: $KITCHEN/x, args: [$KITCHEN], virtual_env: $KITCHEN}\n"
    )
    named = [warning for warning in warnings_of(text) if "'KITCHEN'" in warning]
    assert [warning.split("'")[5] for warning in named] == ["virtual_env", "executable", "args"]


def test_the_active_virtual_environment_is_a_variable_only_if_there_is_one(monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert "'VIRTUAL_ENV'" in oddities("[$VIRTUAL_ENV]")[0]
    assert oddities("[$VIRTUAL_ENV]", ", virtual_env: /venv") == []


@pytest.mark.parametrize("argument", ["${SET_HERE:-x}", "a$(date)", "$((1 + 2))"])
def test_an_argument_in_a_list_that_only_a_string_would_have_replaced_is_a_warning(argument):
    (warning,) = oddities(f"[-x, '{argument}']")
    assert warning == (
        f"Program 'p': argument '{argument}' is passed on literally, since only '~', '$NAME' and"
        " '${NAME}' are replaced in a list. Write 'args' as one string to have the shell read it."
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
def test_the_value_of_a_word_is_what_the_program_gets(monkeypatch, word, details, expected):
    monkeypatch.setenv("HOME", "/home/me")
    program = Program(Reference("p"), **details)
    assert replaced(word, program, virtual_env="/active") == expected
