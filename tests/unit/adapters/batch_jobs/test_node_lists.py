"""Node lists and counts in Slurm's notation."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.batch_jobs.node_lists import MAX_NODES, expand_counts, expand_names
from domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("node1", ["node1"]),
        ("node1,node2", ["node1", "node2"]),
        ("node[01-03,7]", ["node01", "node02", "node03", "node7"]),
        ("node[8-11]", ["node8", "node9", "node10", "node11"]),
        ("node[008-011]", ["node008", "node009", "node010", "node011"]),
        ("n[1-2]-ib", ["n1-ib", "n2-ib"]),
        ("n[1-2].hpc.example", ["n1.hpc.example", "n2.hpc.example"]),
        ("r[1-2]n[01-02]", ["r1n01", "r1n02", "r2n01", "r2n02"]),
        ("a[1,3],b2,c[4-5]x", ["a1", "a3", "b2", "c4x", "c5x"]),
        ("[1-3]", ["1", "2", "3"]),
        ("node1, node2", ["node1", "node2"]),
    ],
)
def test_node_list_is_expanded(text: str, names: list[str]):
    assert expand_names(text) == names


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'' is not a name"),
        ("a,,b", "'' is not a name"),
        ("a b", "'a b' is not a name"),
        ("node[1-3", "brackets do not match"),
        ("node1-3]", "brackets do not match"),
        ("node[[1-2]]", "brackets do not match"),
        ("node[]", "'' is not a number or a range"),
        ("node[1-]", "'1-' is not a number or a range"),
        ("node[a-c]", "'a-c' is not a number or a range"),
        ("node[3-1]", "range '3-1' is empty"),
    ],
)
def test_invalid_node_list_is_rejected(text: str, reason: str):
    with pytest.raises(ConfigurationError, match="is not a list of nodes") as caught:
        expand_names(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"n[0-{MAX_NODES}]",
        "n[0-999999999999999999]",
        "n[1-1000][1-1000]",
        ",".join(["n[1-60000]"] * 2),
    ],
)
def test_too_long_node_list_is_rejected(text: str):
    with pytest.raises(ConfigurationError, match="lists more than 100000 nodes"):
        expand_names(text)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("4", [4]),
        ("36(x2),24", [36, 36, 24]),
        ("1(x3)", [1, 1, 1]),
        ("2,4(x1),8", [2, 4, 8]),
    ],
)
def test_counts_are_expanded(text: str, counts: list[int]):
    assert expand_counts(text) == counts


@pytest.mark.parametrize("text", ["", "x", "4(2)", "4(x2", "-1", "4,,4", "\uff14"])
def test_invalid_counts_are_rejected(text: str):
    with pytest.raises(ConfigurationError, match="is not a list of counts"):
        expand_counts(text)


def test_too_many_counts_are_rejected():
    with pytest.raises(ConfigurationError, match="lists more than"):
        expand_counts("1(x999999999)")


NUMBERS = st.lists(st.integers(0, 2000), min_size=1, max_size=20, unique=True)
WORDS = st.text("abcxyz-.", min_size=1, max_size=5)


@given(prefix=WORDS, suffix=WORDS, numbers=NUMBERS, width=st.integers(1, 5))
def test_single_numbers_keep_their_order_and_digits(prefix, suffix, numbers, width):
    digits = [f"{number:0{width}}" for number in numbers]
    text = f"{prefix}[{','.join(digits)}]{suffix}"
    assert expand_names(text) == [f"{prefix}{number}{suffix}" for number in digits]


@given(first=st.integers(0, 10**6), count=st.integers(1, 300), width=st.integers(1, 8))
def test_range_contains_each_number_once(first, count, width):
    names = expand_names(f"n[{first:0{width}}-{first + count - 1}]")
    assert [int(name[1:]) for name in names] == list(range(first, first + count))
    assert all(len(name) > width for name in names)


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(1, 50)), min_size=1, max_size=20))
def test_compressed_counts_round_trip(groups):
    text = ",".join(f"{count}(x{times})" if times > 1 else f"{count}" for count, times in groups)
    expected = [count for count, times in groups for _ in range(times)]
    assert expand_counts(text) == expected


@given(st.text("n[]-,0123456789() ", max_size=30))
def test_any_text_is_expanded_or_rejected(text):
    for expand in (expand_names, expand_counts):
        with contextlib.suppress(ConfigurationError):
            assert expand(text)
