"""What to send in place of objects that cannot be sent."""

import collections
import dataclasses
import datetime as dt
import decimal
import pathlib

import pytest

from adapters.wire.payloads import Muscle3Payloads
from adapters.wire.unsendable import POSSIBLE, alternative_to
from domain.errors import UnsendableData


@dataclasses.dataclass
class Record:
    x: int = 1


class Frame:
    """Has the methods of a data frame."""

    def to_numpy(self):
        return 1

    def items(self):
        return []


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        ({1, 2}, "sorted(data['x'])"),
        (frozenset(), "sorted(data['x'])"),
        (dt.datetime(2026, 1, 1), "data['x'].isoformat()"),  # noqa: DTZ001
        (dt.timedelta(1), "data['x'].total_seconds()"),
        (decimal.Decimal(1), "float(data['x'])"),
        (pathlib.Path(), "str(data['x'])"),
        (iter(x for x in ()), "list(data['x'])"),
        (range(3), "list(data['x'])"),
        (collections.deque(), "list(data['x'])"),
        (Record(), "dataclasses.asdict(data['x'])"),
        (Frame(), "data['x'].to_numpy()"),
    ],
    ids=lambda item: type(item).__name__,
)
def test_expression_that_can_be_sent_is_suggested(value: object, expression: str):
    assert alternative_to(value, "data['x']") == f"Send {expression}."


@pytest.mark.parametrize("value", [object(), len, Record], ids=["object", "function", "class"])
def test_types_that_can_be_sent_are_listed_for_other_objects(value: object):
    assert alternative_to(value, "data") == POSSIBLE


def test_types_are_listed_if_the_value_is_a_key():
    assert alternative_to({1}, "the key 1 of data") == POSSIBLE


def test_error_of_data_that_cannot_be_sent_has_the_advice():
    with pytest.raises(UnsendableData, match=r"type set\. Send sorted\(data\['x'\]\)\.$"):
        Muscle3Payloads.encode({"x": {1, 2}})
