"""The search for tasks in arguments."""

import enum
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from domain.runtime.arguments import replaced


class Future:
    """Something to be replaced."""


class MyList(list):
    """A subclass, which is not searched."""


class Point(NamedTuple):
    x: object
    y: object


@dataclass(frozen=True)
class Pair:
    first: object
    second: object


@dataclass(slots=True)
class Slotted:
    first: object


class Colour(enum.Enum):
    RED = 1


def search(value):
    """Replace futures by "value"."""
    return replaced(value, lambda item: "value" if isinstance(item, Future) else item)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Future(), "value"),
        ([1, Future()], [1, "value"]),
        ((Future(), 2), ("value", 2)),
        ({1, Future()}, {1, "value"}),
        ({"a": Future()}, {"a": "value"}),
        (Point(Future(), 2), Point("value", 2)),
        (Pair(1, Future()), Pair(1, "value")),
        (Slotted(Future()), Slotted("value")),
        ([{"a": (Pair([Future()], 2),)}], [{"a": (Pair(["value"], 2),)}]),
    ],
)
def test_future_in_container_is_replaced(value, expected):
    assert search(value) == expected


@pytest.mark.parametrize("value", [MyList([Future()]), OrderedDict(a=Future())])
def test_subclass_of_container_is_not_searched(value):
    assert search(value) is value


@pytest.mark.parametrize("value", [[1, [2]], {"a": 1}, (1,), {1}, Pair(1, 2), Colour.RED, Pair])
def test_value_without_futures_is_not_copied(value):
    assert search(value) is value


def test_original_container_stays_unchanged():
    future = Future()
    original = Pair(future, [future])
    search(original)
    assert original == Pair(future, [future])


def test_named_tuple_keeps_its_type():
    assert type(search(Point(Future(), 2))) is Point


def test_list_that_contains_itself_is_searched_once():
    value = [Future()]
    value.append(value)
    assert search(value)[0] == "value"
