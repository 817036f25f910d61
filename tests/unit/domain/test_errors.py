"""The sentences that users read, and what else an error can be caught as."""

import inspect

import pytest

from domain import errors


def test_a_single_problem_is_told_as_it_is_and_several_as_a_list():
    assert str(errors.ConfigurationError("One.")) == "One."
    several = errors.ConfigurationError("One.", "Two.")
    assert str(several) == "- One.\n- Two."
    assert several.problems == ("One.", "Two.")


def test_a_missing_setting_is_told_with_where_it_may_be_set():
    error = errors.SettingMissing("x", ("macro.x", "x"))
    assert str(error) == (
        "Setting 'x' is not set, and the model gave no default for it. Add it to the settings in"
        " the yMMSL file, under one of: macro.x, x."
    )


def test_a_setting_of_another_type_is_told_with_value_and_types():
    error = errors.SettingMismatch("x", "3", "int")
    assert "'x' has value '3', which is a str" in str(error)
    assert "of type int" in str(error)


def test_unsendable_data_are_told_with_their_place():
    assert str(errors.UnsendableData("data[0]", "no.")) == "data[0] cannot be sent: no."


@pytest.mark.parametrize(("given", "told"), [((), "none"), (("a", "b"), "a, b")])
def test_a_missing_implementation_is_told_with_those_given(given, told):
    error = errors.ImplementationMissing(("x", "y"), given)
    assert "'x', 'y'" in str(error)
    assert str(error).endswith(f"The functions given are: {told}.")


def test_failed_instances_and_transience_can_be_asked_for():
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
def test_what_muscle3_raises_catches_ours_too(ours, builtin):
    assert issubclass(ours, builtin)


def test_the_drawing_shows_every_error_below_its_base():
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
