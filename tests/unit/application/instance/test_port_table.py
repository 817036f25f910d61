"""The rules for using ports."""

import pytest

from application.instance.port_table import PortTable, default_for
from domain.coupling.messages import Message
from domain.coupling.ports import SETTINGS_IN, Operator, Port, PortState
from domain.errors import PortError
from domain.identity import Reference


def state(name, operator, *, is_connected=True, length=None, is_resizable=False):
    port = Port(name, operator)
    return PortState(port, is_connected=is_connected, length=length, is_resizable=is_resizable)


PORTS = (
    state(SETTINGS_IN, Operator.F_INIT, is_connected=False),
    state("init", Operator.F_INIT),
    state("out", Operator.O_I),
    state("loose", Operator.O_I, is_connected=False),
    state("in", Operator.S, length=3),
    state("stretchy_in", Operator.S, length=0, is_resizable=True),
    state("stretchy_out", Operator.O_F, length=0, is_resizable=True),
)
TABLE = PortTable(Reference("micro[0]"), {port.name: port for port in PORTS})


def test_port_table_maps_names_to_ports():
    assert dict(TABLE) == {port.name: port for port in PORTS}
    assert len(TABLE) == len(PORTS)


def test_ports_of_the_model_are_listed_by_operator():
    assert TABLE.names_by_operator() == {
        Operator.F_INIT: ["init"],
        Operator.O_I: ["out", "loose"],
        Operator.S: ["in", "stretchy_in"],
        Operator.O_F: ["stretchy_out"],
    }


def test_connected_ports_are_found_by_operator():
    found = TABLE.connected(Operator.O_I, Operator.O_F)
    assert [port.name for port in found] == ["out", "stretchy_out"]


@pytest.mark.parametrize(
    ("method", "name", "slot"),
    [
        ("to_send_on", "out", None),
        ("to_send_on", "loose", None),
        ("to_send_on", "loose", 7),  # slots of unconnected ports are not checked
        ("to_receive_on", "init", None),
        ("to_receive_on", "in", 2),
        ("to_receive_on", "stretchy_in", 0),  # the message there sets the length
    ],
)
def test_valid_port_and_slot_are_accepted(method, name, slot):
    assert getattr(TABLE, method)(name, slot) is TABLE[name]


@pytest.mark.parametrize(
    ("method", "name", "slot", "problem"),
    [
        ("to_send_on", "outt", None, "'micro.0.' has no port 'outt'. It has 'init', 'out'"),
        ("to_send_on", "outt", None, "Did you mean 'out'"),
        ("to_send_on", "in", 0, "send on port 'in'.*operator S and can only receive"),
        ("to_receive_on", "out", None, "receive on port 'out'.*O_I and can only send"),
        ("to_send_on", "out", 0, "'out' is a scalar port, but slot 0"),
        ("to_receive_on", "in", None, "'in' is a vector port of length 3, but no slot"),
        ("to_receive_on", "in", 3, "'in' has length 3, so it has no slot 3.$"),
        ("to_receive_on", "in", -1, "no slot -1"),
        ("to_receive_on", "in", "0", "slot of port 'in' must be an integer, but it is '0', a str"),
        ("to_receive_on", "in", 0.0, "'in' must be an integer, but it is 0.0, a float"),
        ("to_receive_on", "stretchy_in", 1, "no slot 1. Set its length first"),
        ("to_send_on", "stretchy_out", 0, "no slot 0. Set its length first"),
    ],
)
def test_invalid_port_or_slot_is_rejected(method, name, slot, problem):
    with pytest.raises(PortError, match=problem):
        getattr(TABLE, method)(name, slot)


def test_unknown_port_raises_a_key_error_with_a_readable_message():
    with pytest.raises(KeyError) as caught:
        TABLE.asked_about("lose")
    assert str(caught.value) == (
        "'micro[0]' has no port 'lose'. It has 'init', 'out', 'loose', 'in', 'stretchy_in',"
        " 'stretchy_out'. Did you mean 'loose'?"
    )
    assert isinstance(caught.value, PortError)


def test_error_for_an_unknown_port_reports_that_there_are_no_ports():
    table = PortTable(Reference("lone"), {SETTINGS_IN: PORTS[0]})
    with pytest.raises(PortError, match="It has no ports"):
        table.to_send_on("out", None)


def test_length_requires_a_vector_port_and_resizing_a_resizable_one():
    assert TABLE.vector("in") is TABLE["in"]
    assert TABLE.resizable("stretchy_in") is TABLE["stretchy_in"]
    with pytest.raises(PortError, match=r"'out'.*scalar port, so it has no length"):
        TABLE.vector("out")
    with pytest.raises(PortError, match="scalar port"):
        TABLE.resizable("out")
    with pytest.raises(PortError, match=r"'in'.*cannot be resized"):
        TABLE.resizable("in")
    for unknown in (TABLE.vector, TABLE.resizable):
        with pytest.raises(KeyError, match="Did you mean 'init'"):
            unknown("inti")


def test_unconnected_port_gives_the_default_or_an_error():
    message = Message(1.0)
    assert default_for(TABLE["init"], message) is message
    with pytest.raises(PortError, match="'init', which is not connected, and no default"):
        default_for(TABLE["init"], None)
