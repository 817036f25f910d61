"""Settings on the command line have the types that they have in yMMSL files."""

import pytest

from adapters.ymmsl_files.reading.setting_text import read_setting
from domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("dt=0.1", "dt", 0.1),
        ("macro.steps=3", "macro.steps", 3),
        ("micro[2].x=1e3", "micro[2].x", 1000.0),
        ("on=true", "on", True),
        ("name=text", "name", "text"),
        ("name=yes", "name", "yes"),
        ("name='3'", "name", "3"),
        ('name=""', "name", ""),
        ("formula=a=b", "formula", "a=b"),
        ("path=/data/a b.nc", "path", "/data/a b.nc"),
        ("x=[1, 2]", "x", [1, 2]),
        ("x=[[1.0], [2.0]]", "x", [[1.0], [2.0]]),
        (" x = -1 ", "x", -1),
    ],
)
def test_setting_text_has_the_types_of_ymmsl(text, name, value):
    found = read_setting(text, "--set")
    assert found == (name, value)
    assert type(found[1]) is type(value)


@pytest.mark.parametrize(
    "value",
    ["", "null", "a: b", "{a: 1}", "@x", "[a]", "2024-01-01", "text # more", "*a", "1\nb: 2"],
)
def test_setting_text_with_another_value_is_rejected_with_the_quoted_form(value):
    with pytest.raises(ConfigurationError) as error:
        read_setting(f"x={value}", "--set")
    assert "a setting is a string, a number, true or false" in str(error.value)
    assert f"--set 'x=\"{value}\"'" in str(error.value)


@pytest.mark.parametrize("text", ["macro.dt", "", "3"])
def test_setting_text_without_a_value_is_rejected_with_an_example(text):
    with pytest.raises(ConfigurationError, match=r"as in --set macro\.dt=0\.1"):
        read_setting(text, "--set")


@pytest.mark.parametrize("name", ["", "a b", "3x", "a..b"])
def test_setting_text_with_an_invalid_name_is_rejected(name):
    with pytest.raises(ConfigurationError, match="is not a valid reference"):
        read_setting(f"{name}=1", "--set")
