"""Suggestions for names that the user may have meant."""

import pytest

from domain.suggestions import MOST_LISTED, did_you_mean, few, hint

MANY = [f"component_{letter * 9}" for letter in "abcdefghi"]


@pytest.mark.parametrize(
    ("wrong", "possible", "expected"),
    [
        ("marco", ["macro", "zzz"], " Did you mean 'macro'?"),
        ("micro1", ["micro2", "micro3"], " Did you mean 'micro2' or 'micro3'?"),
        ("ab", ["abc", "abd", "abe"], " Did you mean 'abc', 'abd' or 'abe'?"),
        ("x", ["macro", "micro", "macro"], " Valid names: macro, micro."),
        ("x", [], ""),
        (3, [33], " Did you mean '33'?"),
    ],
)
def test_similar_names_are_suggested_or_else_all_are_listed(wrong, possible, expected):
    found = hint(wrong, possible)
    assert sorted(found) == sorted(expected)
    assert found.split("'")[0] == expected.split("'")[0]


def test_long_list_of_names_is_not_shown():
    assert len(MANY) > MOST_LISTED
    assert hint("x", MANY) == ""
    assert hint("component_aaaaaaaab", MANY).startswith(" Did you mean 'component_aaaaaaaaa'")


def test_similar_names_alone_are_suggested_without_a_list():
    assert did_you_mean("marco", ["macro", "zzz"]) == " Did you mean 'macro'?"
    assert did_you_mean("x", ["macro", "zzz"]) == ""


def test_few_names_are_listed_and_many_are_counted():
    assert few(["a", "b"], "port") == "a, b"
    assert few(MANY, "port") == f"{len(MANY)} ports"
    assert few([], "port") == "no ports"
