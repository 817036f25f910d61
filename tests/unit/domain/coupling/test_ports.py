"""Operators, and the state of ports."""

from enum import Enum

import pytest

from domain.coupling.ports import Operator, Port, PortState, port_label

Theirs = Enum("Operator", {"F_INIT": "f_init", "O_I": "o_i"})
Other = Enum("Other", {"F_INIT": 1})


def state(operator=Operator.S, *, length=None, is_resizable=False):
    return PortState(
        Port("p", operator), is_connected=True, length=length, is_resizable=is_resizable
    )


@pytest.mark.parametrize(
    ("operator", "sends"),
    [
        (Operator.F_INIT, False),
        (Operator.O_I, True),
        (Operator.S, False),
        (Operator.O_F, True),
    ],
)
def test_operator_either_sends_or_receives(operator, sends):
    assert operator.allows_sending is sends
    assert operator.allows_receiving is not sends


def test_operators_equal_those_of_the_ymmsl_library():
    assert Operator.F_INIT == Theirs.F_INIT
    assert {Operator.F_INIT: "found"}[Theirs.F_INIT] == "found"
    assert Operator.F_INIT != Theirs.O_I
    assert Operator.F_INIT != Other.F_INIT
    assert Operator.F_INIT != 1


def test_scalar_port_has_one_slot_without_a_number():
    port = state()
    assert port.slots() == [None]
    assert not port.is_vector
    port.close()
    assert not port.is_open()
    assert not port.open_slots()


def test_vector_port_is_open_until_all_slots_are_closed():
    port = state(length=2)
    port.close(0)
    assert (port.is_open(0), port.is_open(1)) == (False, True)
    assert port.open_slots()
    port.close(1)
    assert not port.open_slots()


def test_slots_added_to_a_port_are_open():
    port = state(length=1, is_resizable=True)
    port.message_counts[0] = 5
    port.close(0)
    port.set_length(3)
    assert port.message_counts == [5, 0, 0]
    assert [port.is_open(slot) for slot in port.slots()] == [False, True, True]


def test_shrunk_port_keeps_its_message_counts():
    port = state(length=3, is_resizable=True)
    port.message_counts[:] = [1, 2, 3]
    port.set_length(1)
    assert port.slots() == [0]
    port.set_length(3)
    assert port.message_counts == [1, 2, 3]


def test_resizable_port_without_slots_is_open_until_it_is_closed():
    port = state(length=0, is_resizable=True)
    assert port.slots() == []
    assert port.open_slots()
    port.set_length(1)
    port.set_length(0)
    assert port.slots() == []
    assert port.open_slots()
    port.close(0)
    assert not port.open_slots()


def test_counts_of_a_port_that_was_longer_are_restored():
    port = state(length=0, is_resizable=True)
    port.restore([4, 5, 6], 2)
    assert port.slots() == [0, 1]
    assert port.message_counts == [4, 5, 6]


def test_counts_of_a_fixed_port_do_not_change_its_length():
    port = state(length=2)
    port.restore([4, 5], 7)
    assert (port.length, port.message_counts) == (2, [4, 5])


@pytest.mark.parametrize(("slot", "label"), [(None, "out"), (0, "out[0]"), (3, "out[3]")])
def test_port_label_shows_the_slot_of_vector_ports(slot: int | None, label: str) -> None:
    assert port_label("out", slot) == label
