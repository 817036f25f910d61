"""Values of settings as people write them."""

import pytest

from adapters.ymmsl_files.reading.documents import read_documents


def read(value):
    warnings = []
    text = f"ymmsl_version: v0.2\nsettings:\n  version: {value}\n"
    documents, problems = read_documents([text], warnings)
    return documents, problems, warnings


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1e5", 1e5),
        ("1.5e+3", 1500.0),
        (".5", 0.5),
        ("0x1F", 31),
        ("yes", "yes"),
        (".inf", float("inf")),
        ("+3", 3),
        ("3 4", "3 4"),
        ("-1.", -1.0),
        ("'4.0.0'", "4.0.0"),
    ],
)
def test_setting_is_accepted(value, expected):
    (document,), problems, warnings = read(value)
    assert (document.content.settings["version"], problems, warnings) == (expected, [], [])


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("4.0.0", "is 4.0.0, which is not quite a number. For text, write '4.0.0'."),
        ("105084.yaml", "For text, write '105084.yaml'."),
        ("2026-11-20", "is 2026-11-20, which is a date. For text, write '2026-11-20'."),
        ("", "has no value. Write one, such as 'version: 0', or remove it."),
        ("~", "has no value."),
        ("[1, 2.5]", "mixes whole numbers and floats. Write [1.0, 2.5], all as floats."),
        ("['1', '2']", "contains numbers in quotes. Write [1, 2]."),
        ("[1, x]", "Write text in one string, such as 'version: 1 x'"),
        ("[1, [2]]", "is a list that mixes numbers and lists. Write numbers only."),
        ("[[1, 2.5], [3]]", "Write [[1.0, 2.5], [3.0]]."),
        ("[[x]]", "is a list of lists, which must contain only floats. Write [[1.0, 2.0]]."),
        ("[]", "is an empty list, whose type is unknown. Remove 'version'"),
        ("{a: 1}", "is a mapping, but settings are not nested. Write 'version.a: 1'."),
        ("{a: 1, b: 2}", "Write 'version.a: 1', and so on."),
        ("{a: {b: 1}}", "Write 'version.NAME: 0'."),
        ("{}", "Write 'version.NAME: 0'."),
        ("=", "is =, which is special in YAML. For text, write '='."),
        ("99999999999999999999", "Write 1e+20 for a float, or '99999999999999999999' for text."),
    ],
)
def test_setting_is_rejected_with_what_to_write(value, what):
    _, (problem,), _ = read(value)
    assert problem.startswith("the text given, line 3: 'settings.version' ")
    assert what in problem


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("12:30:00", "read as the number 45000. Write '12:30:00' for text, or 45000."),
        ("017", "read as the number 15. Write '017' for text, or 15."),
        ("${HOME}/x", "contains '${HOME}', but variables are not replaced in settings."),
        ("$HOME/x", "contains '$HOME', but variables are not replaced in settings."),
    ],
)
def test_setting_that_is_read_unexpectedly_causes_a_warning(value, what):
    _, problems, (warning,) = read(value)
    assert problems == []
    assert warning.startswith("the text given, line 3: 'settings.version' ")
    assert what in warning
