import pickle
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity import Identifier, Reference

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
parts = st.tuples(names, st.lists(names | st.integers(0, 10**6), max_size=5)).map(
    lambda item: [item[0], *item[1]]
)


@given(parts)
def test_reference_is_parsed_from_its_own_text(found: list):
    reference = Reference(found)
    assert Reference(str(reference)) == reference
    assert list(Reference(str(reference))) == found
    assert pickle.loads(pickle.dumps(reference)) == reference


@given(parts)
def test_reference_equals_its_text_and_has_the_same_hash(found: list):
    reference = Reference(found)
    assert reference == str(reference)
    assert {reference: 1}[Reference(str(reference))] == 1
    assert reference != 5


@given(parts, parts)
def test_references_can_be_concatenated_and_sliced(one: list, other: list):
    joined = Reference(one) + Reference(other)
    assert list(joined) == one + other
    assert joined.starts_with(Reference(one))
    assert joined[: len(one)] == Reference(one)
    assert joined[len(one)] == other[0]


@given(parts, st.lists(st.integers(0, 99), min_size=1, max_size=3))
def test_trailing_indices_are_removed(found: list, indices: list[int]):
    component = Reference([*found, "last"])
    instance = component + indices
    assert instance.without_trailing_ints() == component
    assert instance.indices == tuple(indices)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1a",
        "a b",
        "a.",
        ".a",
        "a..b",
        "a[",
        "a[x]",
        "a[-1]",
        "a[1",
        "[1]",
        "a[1]b",
        "é",
        "a[\u0661]",
    ],
)
def test_invalid_reference_is_rejected_and_named(text: str):
    with pytest.raises(ValueError, match="not a valid reference"):
        Reference(text)


@given(st.text(max_size=20))
def test_any_text_is_a_valid_reference_or_rejected(text: str):
    with suppress(ValueError):
        assert str(Reference(text)) == text or "[0" in text


@pytest.mark.parametrize("text", ["", "a b", "1", "a-b", "é", "a.b"])
def test_invalid_identifier_is_rejected(text: str):
    with pytest.raises(ValueError, match="not a valid name"):
        Identifier(text)


def test_reference_that_begins_with_an_index_is_rejected():
    with pytest.raises(ValueError, match="starts with a name"):
        Reference([1, "a"])


def test_empty_reference_denotes_the_model():
    empty = Reference([])
    assert str(empty) == ""
    assert str(empty + "a") == "a"


def test_references_sort_indices_as_numbers():
    found = sorted(map(Reference, ["a[10]", "a[9]", "a.b", "a"]))
    assert list(map(str, found)) == ["a", "a[9]", "a[10]", "a.b"]
