"""Variables in arguments that nobody sets."""

import pytest

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


@pytest.mark.parametrize("argument", ["$SET_HERE/pot.py", "~/pot.py"])
def test_in_a_list_nothing_is_replaced(argument):
    (warning,) = oddities(f"[-x, '{argument}']")
    assert warning == (
        f"Program 'p': argument '{argument}' is passed on as it stands. Write 'args' as one text"
        " instead of a list to have the shell replace '~' and '$NAME'."
    )
