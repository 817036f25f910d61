"""Messages and milestones."""

import doctest

import numpy as np
import pytest

from domain.coupling import messages
from domain.coupling.messages import Message, Milestone, MilestoneRow, PeerMessage
from domain.coupling.settings import Settings
from domain.errors import UsageError


def message(**changes):
    values = {
        "timestamp": 1.0,
        "next_timestamp": None,
        "data": "x",
        "overlay": Settings(),
        "port_length": None,
        "number": 3,
        "iteration": (0, 1),
    }
    return PeerMessage(**{**values, **changes})


@pytest.mark.parametrize("time", [1, True, np.int64(1), np.float32(1), np.array(1.0), "1"])
def test_times_are_converted_to_floats(time):
    made = Message(time, time)
    assert (type(made.timestamp), type(made.next_timestamp)) == (float, float)
    assert (made.timestamp, made.next_timestamp) == (1.0, 1.0)
    assert Message(time).next_timestamp is None


@pytest.mark.parametrize(
    ("time", "kind"), [("a", ValueError), (10**400, ValueError), ([1], TypeError), (1j, TypeError)]
)
def test_invalid_time_is_rejected_by_name(time, kind):
    with pytest.raises(kind, match="The timestamp of a Message must be a simulation time") as first:
        Message(time)
    with pytest.raises(kind, match="The next_timestamp of a Message"):
        Message(0.0, time)
    assert isinstance(first.value, UsageError)


def test_message_without_a_timestamp_is_rejected():
    with pytest.raises(TypeError, match=r"None is a NoneType. Write e.g. Message\(0.0"):
        Message(None)


def test_only_the_empty_milestone_closes_a_port():
    assert Milestone(()).closes_port
    assert not Milestone((0,)).closes_port


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": 2.0},
        {"next_timestamp": 2.0},
        {"data": None},
        {"overlay": Settings({"a": 1})},
        {"port_length": 1},
        {"number": 4},
        {"iteration": ()},
    ],
)
def test_messages_with_different_attributes_are_unequal(changes):
    assert message() == message()
    assert message() != message(**changes)
    assert message() != "x"


def test_message_equality_ignores_the_encoded_size():
    other = message()
    other.size = 100
    assert other == message()


def test_message_repr_shows_its_attributes():
    shown = repr(message())
    assert shown == "PeerMessage(timestamp=1.0, iteration=(0, 1), number=3, data='x')"


def test_docstring_examples_are_true():
    assert doctest.testmod(messages) == (0, 2)


def milestone(*iteration, **changes):
    return message(data=Milestone(iteration), iteration=iteration, **changes)


def test_consecutive_milestones_form_a_row():
    row = MilestoneRow(milestone(3, 5))
    assert row.take(milestone(3, 6))
    assert row.take(milestone(3, 7))
    assert list(row.messages()) == [milestone(3, number) for number in (5, 6, 7)]


@pytest.mark.parametrize(
    "other",
    [
        milestone(3, 5),
        milestone(3, 7),
        milestone(4, 6),
        milestone(3),
        milestone(),
        milestone(3, 6, number=4),
        milestone(3, 6, port_length=2),
        message(iteration=(3, 6)),
    ],
)
def test_milestone_that_is_not_the_next_is_not_added_to_a_row(other):
    row = MilestoneRow(milestone(3, 5))
    assert not row.take(other)
    assert list(row.messages()) == [milestone(3, 5)]


def test_row_may_begin_with_the_closing_milestone():
    row = MilestoneRow(milestone())
    assert not row.take(milestone(0))
    assert list(row.messages()) == [milestone()]
