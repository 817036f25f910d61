"""Error messages, and the built-in exceptions that errors can be caught as."""

import inspect

import pytest

from domain import errors


def test_configuration_error_lists_several_problems():
    assert str(errors.ConfigurationError("One.")) == "One."
    several = errors.ConfigurationError("One.", "Two.")
    assert str(several) == "- One.\n- Two."
    assert several.problems == ("One.", "Two.")


def test_missing_setting_error_names_where_it_can_be_set():
    error = errors.SettingMissing("x", ("macro.x", "x"))
    assert str(error) == (
        "Setting 'x' is not set, and the model gave no default for it. Add it to the settings in"
        " the yMMSL file, under one of: macro.x, x."
    )


def test_missing_setting_error_suggests_a_setting_with_a_similar_name():
    error = errors.SettingMissing("steps", ("steps",), known=["dt", "stpes"])
    assert "no default for it. Did you mean 'stpes'? Add it to the settings" in str(error)


def test_setting_mismatch_error_names_value_and_types():
    error = errors.SettingMismatch("x", "3", "int")
    assert "'x' has value '3', which is a str" in str(error)
    assert "of type int" in str(error)


@pytest.mark.parametrize(
    ("value", "wanted", "advice"),
    [
        (1000.0, "int", "Write 1000 in the yMMSL file"),
        ("3", "int", "Write 3 without quotes in the yMMSL file"),
        ("0.5", "float", "Write 0.5 without quotes in the yMMSL file"),
        (3, "str", "Write '3' in quotes in the yMMSL file"),
        (True, "str", "Write 'true' in quotes in the yMMSL file"),
        ("yes", "bool", "Write true in the yMMSL file"),
        (0, "bool", "Write false in the yMMSL file"),
        (3, "[int]", "Write [3] in the yMMSL file"),
        (2.5, "int", "Change the value in the yMMSL file"),
        ("half", "float", "Change the value in the yMMSL file"),
    ],
)
def test_setting_mismatch_error_says_what_to_write(value, wanted, advice):
    assert f". {advice}, or change" in str(errors.SettingMismatch("x", value, wanted))


def test_unsendable_data_error_names_the_path():
    assert str(errors.UnsendableData("data[0]", "no.")) == "data[0] cannot be sent: no."


@pytest.mark.parametrize(("given", "listed"), [((), "none"), (("a", "b"), "a, b")])
def test_missing_implementation_error_lists_the_given_ones(given, listed):
    error = errors.ImplementationMissing(("x", "y"), given)
    assert "'x', 'y'" in str(error)
    assert str(error).endswith(f"The functions given are: {listed}.")


def test_errors_have_failed_instances_and_transience_as_attributes():
    assert errors.InstanceFailed("m", ("a",)).instances == ("a",)
    assert errors.TransportError("m", transient=True).transient
    assert not errors.TransportError("m").transient


@pytest.mark.parametrize(
    ("ours", "builtin"),
    [
        (errors.PortError, RuntimeError),
        (errors.PortMissing, KeyError),
        (errors.CallOrderError, RuntimeError),
        (errors.SettingMissing, KeyError),
        (errors.SettingMismatch, TypeError),
        (errors.UnsendableData, TypeError),
        (errors.ImplementationMissing, ValueError),
        (errors.RunError, RuntimeError),
    ],
)
def test_errors_subclass_the_builtins_that_muscle3_raises(ours, builtin):
    assert issubclass(ours, builtin)


def test_diagram_shows_every_error_below_its_base():
    drawn = errors.__doc__
    found = [item for _, item in inspect.getmembers(errors, inspect.isclass)]
    for item in found:
        assert f" {item.__name__}" in drawn, item
        assert issubclass(item, errors.CouplingError)
    depths = {
        item: next(
            line.index(item.__name__)
            for line in drawn.splitlines()
            if line.lstrip(" │├└─").split(" ")[0] == item.__name__
        )
        for item in found
    }
    for item in found:
        base = item.__bases__[0]
        if base in depths:
            assert depths[base] < depths[item], item
