"""Detection of duplicate messages from a resumed sender."""

import pytest

from application.instance.resume_duplicates import ResumeDuplicates
from domain.coupling.messages import NOT_COUNTED, Milestone, PeerMessage
from domain.coupling.ports import Operator, Port, PortState
from domain.coupling.settings import Settings


def message(number, *iteration):
    return PeerMessage(0.0, None, "x", Settings(), None, number, iteration)


def milestone(number, *iteration):
    return PeerMessage(0.0, None, Milestone(iteration), Settings(), None, number, iteration)


def port_after(*counts, is_vector=False):
    length = len(counts) if is_vector else None
    port = PortState(Port("in", Operator.F_INIT), is_connected=True, length=length)
    port.restore(counts, len(counts))
    return port


def expecting(port, last):
    duplicates = ResumeDuplicates()
    duplicates.expect(port, lambda port, slot: last)
    return duplicates


def test_instance_that_starts_from_scratch_expects_no_duplicates():
    assert not ResumeDuplicates().are_expected
    assert not ResumeDuplicates().is_duplicate(message(0, 0), port_after(0), None)


@pytest.mark.parametrize(
    ("received", "is_duplicate"),
    [
        (message(2, 1, 1), True),
        (message(3, 2, 0), False),
        (message(NOT_COUNTED, 1, 0), True),
        (message(NOT_COUNTED, 1, 1), True),
        (message(NOT_COUNTED, 1, 2), False),
        (milestone(3, 0), True),
        (milestone(2, 1), True),
        (milestone(3, 1), False),
        (milestone(2), False),
    ],
    ids=[
        "last message",
        "new message",
        "reduced message of an earlier iteration",
        "reduced message of the current iteration",
        "reduced message of a later iteration",
        "milestone of an earlier iteration",
        "milestone with the number of the last message",
        "milestone of the current iteration",
        "closing milestone",
    ],
)
def test_duplicate_is_detected_by_number_and_iteration(received, is_duplicate):
    port = port_after(3)
    assert expecting(port, (1, 1)).is_duplicate(received, port, None) is is_duplicate


def test_no_duplicate_is_expected_after_the_first_new_message():
    port = port_after(3)
    duplicates = expecting(port, (1,))
    assert not duplicates.is_duplicate(milestone(3, 1), port, None)
    assert duplicates.are_expected
    assert not duplicates.is_duplicate(message(3, 2), port, None)
    assert not duplicates.are_expected


def test_slots_expect_duplicates_independently_of_each_other():
    port = port_after(3, 0, 3, is_vector=True)
    duplicates = expecting(port, (1,))
    assert [duplicates.is_duplicate(message(2, 1), port, slot) for slot in range(3)] == [
        True,
        False,
        True,
    ]


def test_slot_that_a_port_has_lost_may_receive_duplicates_when_it_is_back():
    port = PortState(Port("in", Operator.S), is_connected=True, length=0, is_resizable=True)
    port.restore([1, 1], 1)
    duplicates = expecting(port, (0,))
    assert duplicates.is_duplicate(message(0, 0), port, 1)
