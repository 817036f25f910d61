import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coupling.settings import (
    SETTING_TYPES,
    Settings,
    checked_value,
    find_setting,
    names_to_try,
    setting_type,
    visible_names,
)
from domain.errors import SettingMismatch, SettingMissing
from domain.identity import Reference

ME = Reference("a.b[3]")
short = st.sampled_from(["a", "b", "s"])
names = st.lists(short, min_size=1, max_size=3).map(".".join) | st.sampled_from(
    ["a.b[3].s", "a.b[4].s", "a.b[3].s.t"]
)
settings = st.dictionaries(names, st.integers(0, 9), max_size=8).map(Settings)
instances = st.sampled_from(["a", "a.b", "a.b[3]", "a.b[3][1]", "b"]).map(Reference)


def test_longest_setting_name_is_tried_first_and_index_before_no_index():
    assert names_to_try(ME, "s") == ("a.b[3].s", "a.b.s", "a.s", "s")


def test_base_setting_with_a_longer_name_precedes_the_overlay():
    base, overlay = Settings({"a.b[3].s": 1}), Settings({"s": 2})
    assert find_setting(ME, "s", overlay, base) == 1


def test_overlay_precedes_the_base_setting_of_the_same_name():
    assert find_setting(ME, "s", Settings({"a.s": 2}), Settings({"a.s": 1, "s": 0})) == 2


@given(instances, settings, settings, short)
def test_setting_value_is_that_of_the_first_name_found(instance, overlay, base, name):
    merged = base.updated_with(overlay)
    expected = [merged[tried] for tried in names_to_try(instance, name) if tried in merged]
    if expected:
        assert find_setting(instance, name, overlay, base) == expected[0]
    else:
        with pytest.raises(SettingMissing):
            find_setting(instance, name, overlay, base)


@given(instances, settings, settings)
def test_every_visible_setting_can_be_found(instance, overlay, base):
    found = visible_names(instance, overlay, base)
    assert found == sorted(set(found))
    for name in found:
        find_setting(instance, name, overlay, base)


def test_settings_of_other_instances_are_not_visible():
    base = Settings({"x": 1, "a.x": 2, "a.b[3].y": 3, "a.b[4].z": 4, "a.b[3].sub.w": 5})
    assert visible_names(ME, Settings({"o": 1}), base) == ["o", "sub.w", "x", "y"]


def test_visible_settings_are_all_that_can_be_found():
    base = Settings({"t_max": 5, "a[1].feed": 0.05, "a.name": "x", "par.k.mean": 1.0, "a": 2})
    for index, expected in enumerate((["a", "name"], ["a", "feed", "name"])):
        me = Reference(f"a[{index}]")
        assert visible_names(me, Settings(), base) == [*expected, "par.k.mean", "t_max"]


@given(settings, settings)
def test_merging_an_overlay_changes_neither_operand(base, overlay):
    before = base.as_dict(), overlay.as_dict()
    merged = base.updated_with(overlay)
    for name in {*base, *overlay}:
        assert merged[name] == (overlay if name in overlay else base)[name]
    assert (base.as_dict(), overlay.as_dict()) == before


def test_missing_setting_error_names_where_it_can_be_set():
    with pytest.raises(KeyError) as caught:
        find_setting(ME, "s", Settings(), Settings())
    assert "a.b[3].s, a.b.s, a.s, s" in str(caught.value)


VALUES = {
    "str": ["", "x"],
    "int": [0, -5],
    "float": [1.5],
    "bool": [True, False],
    "[int]": [[1, 2]],
    "[float]": [[1.5, 2.0]],
    "[[float]]": [[[1.5], [2.0, 3.0]]],
}
FITS_TOO = {"float": ["int"], "[float]": ["[int]"]}


@pytest.mark.parametrize("typ", SETTING_TYPES)
@pytest.mark.parametrize("kind", VALUES)
def test_setting_value_is_accepted_only_for_its_type(typ: str, kind: str):
    for value in VALUES[kind]:
        if kind == typ or kind in FITS_TOO.get(typ, ()):
            assert checked_value("s", value, typ) == value
        else:
            with pytest.raises(TypeError, match=r"(?s)'s'.*" + typ.replace("[", r"\[")):
                checked_value("s", value, typ)


def test_int_is_converted_if_a_float_is_requested():
    assert type(checked_value("s", 1, "float")) is float
    assert all(type(x) is float for x in checked_value("s", [1, 2.5], "[float]"))
    assert type(checked_value("s", [[1]], "[[float]]")[0][0]) is float


@pytest.mark.parametrize(
    ("value", "typ"),
    [
        (True, "int"),
        (True, "float"),
        ([1, True], "[int]"),
        ([1.0, "x"], "[float]"),
        ([1], "[[float]]"),
    ],
)
def test_element_of_a_wrong_type_and_bool_as_number_are_rejected(value, typ):
    with pytest.raises(SettingMismatch):
        checked_value("s", value, typ)


@pytest.mark.parametrize("typ", ["list", "[str]", "", "Float", "[[int]]"])
def test_unknown_setting_type_is_rejected(typ: str):
    with pytest.raises(ValueError, match="no setting type"):
        checked_value("s", 1, typ)


def test_settings_behave_like_a_dict_of_references():
    found = Settings({"a.b": 1})
    found["c"] = 2
    assert list(found) == [Reference("a.b"), Reference("c")]
    assert found[Reference("a.b")] == 1
    assert "c" in found
    del found["c"]
    assert found == Settings({"a.b": 1})
    assert found.copy() is not found
    with pytest.raises(ValueError):
        found["not a name"] = 1


@pytest.mark.parametrize(
    ("typ", "name"),
    [
        (str, "str"),
        (int, "int"),
        (float, "float"),
        (bool, "bool"),
        (list[int], "[int]"),
        (list[float], "[float]"),
        (list[list[float]], "[[float]]"),
    ],
)
def test_setting_type_may_be_the_python_type_itself(typ, name):
    assert setting_type(typ) == name


@pytest.mark.parametrize("name", SETTING_TYPES)
def test_setting_type_accepts_its_names(name):
    assert setting_type(name) == name


@pytest.mark.parametrize(
    ("typ", "shown"), [("double", "double"), (complex, "complex"), ([float], "[<class 'float'>]")]
)
def test_unknown_setting_type_is_rejected_with_the_types_there_are(typ, shown):
    with pytest.raises(ValueError, match=r"no setting type '.*'\. Use one of str, int") as error:
        setting_type(typ)
    assert shown in str(error.value)
