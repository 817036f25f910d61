"""Messages and milestones."""

import pytest

from domain.messages import Milestone, PeerMessage
from domain.settings import Settings


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
def test_messages_differ_in_any_of_their_parts(changes):
    assert message() == message()
    assert message() != message(**changes)
    assert message() != "x"


def test_how_large_it_was_on_its_way_does_not_make_it_another():
    other = message()
    other.size = 100
    assert other == message()


def test_it_shows_what_it_is_about():
    shown = repr(message())
    assert shown == "PeerMessage(timestamp=1.0, iteration=(0, 1), number=3, data='x')"
