"""Draining the ports of an instance that has failed."""

from collections import defaultdict, deque

import pytest

from adapters.in_memory.clock import ManualClock
from application.instance.draining import PAUSE, Draining
from domain.coupling.messages import Milestone, PeerMessage
from domain.coupling.ports import Operator, Port, PortState
from domain.coupling.settings import Settings
from domain.errors import PeerLost, RemoteProtocolError
from tests.unit.application.instance.exchange import Exchange

TIMEOUT = 5.0
CLOSING = Milestone(())


def parcel(data, length=None):
    return PeerMessage(0.0, None, data, Settings(), length, 0, ())


def port(name="in", *, length=None, is_resizable=False):
    return PortState(
        Port(name, Operator.S), is_connected=True, length=length, is_resizable=is_resizable
    )


class Senders:
    """Stands in for a communicator: returns the messages of the senders, in order.

    A message may be an error, which is raised, or a number, which stands for so many seconds
    that it takes to find out that there is nothing.
    """

    def __init__(self, **sent):
        self.clock = ManualClock()
        self.streams = set()
        self.fetched = []
        self._sent = defaultdict(deque, {name: deque(items) for name, items in sent.items()})

    def must_drain(self, port, slot):
        return port.name not in self.streams

    def fetch(self, port, slot, *, timeout):
        sent = self._sent[port.name if slot is None else f"{port.name}{slot}"]
        found = sent.popleft() if sent else timeout
        if isinstance(found, float):
            self.clock.advance(found)
            return None
        self.fetched.append((port.name, slot))
        if isinstance(found, Exception):
            raise found
        return found

    def drain(self, *ports, timeout=TIMEOUT):
        return Draining(self, clock=self.clock).drain(ports, timeout=timeout)


def test_messages_are_dropped_until_the_port_is_closed():
    senders = Senders(
        **{"in": [parcel("x"), parcel(Milestone((0,))), parcel("y"), parcel(CLOSING)]}
    )
    drained = port()
    assert senders.drain(drained)
    assert not drained.is_open()
    assert len(senders.fetched) == 4


def test_closed_port_is_not_drained():
    senders = Senders(**{"in": [parcel("x")]})
    closed = port()
    closed.close()
    assert senders.drain(closed)
    assert senders.fetched == []


def test_port_of_a_sender_that_does_not_wait_is_not_drained():
    senders = Senders(**{"in": [parcel("x")]})
    senders.streams.add("in")
    assert senders.drain(port())
    assert senders.fetched == []


def test_late_sender_does_not_delay_draining_of_other_ports():
    senders = Senders(late=[0.0] * 10, soon=[0.0, parcel("x"), parcel(CLOSING)])
    late, soon = port("late"), port("soon")
    assert not senders.drain(late, soon)
    assert not soon.is_open()
    assert late.is_open()


def test_sender_that_never_closes_its_port_is_given_up_at_the_deadline():
    senders = Senders()
    assert not senders.drain(port())
    assert TIMEOUT <= senders.clock.monotonic() < TIMEOUT + PAUSE


def test_sender_that_never_stops_is_given_up_at_the_deadline():
    class Endless(Senders):
        def fetch(self, port, slot, *, timeout):
            self.clock.advance(0.5)
            return parcel("again")

    senders = Endless()
    assert not senders.drain(port())
    assert senders.clock.monotonic() == TIMEOUT


def test_no_port_is_polled_after_the_deadline():
    senders = Senders(slow=[TIMEOUT], other=[parcel("x")])
    assert not senders.drain(port("slow"), port("other"))
    assert senders.fetched == []


def test_lost_sender_is_given_up_at_once_and_other_ports_are_drained():
    senders = Senders(lost=[PeerLost("gone")], other=[0.0, parcel("x"), parcel(CLOSING)])
    assert senders.drain(port("lost"), port("other"))
    assert senders.fetched.count(("lost", None)) == 1
    assert senders.clock.monotonic() < TIMEOUT


def test_message_that_cannot_be_decoded_is_dropped_like_any_other():
    senders = Senders(**{"in": [RemoteProtocolError("nonsense"), parcel(CLOSING)]})
    drained = port()
    assert senders.drain(drained)
    assert not drained.is_open()


def test_each_slot_of_a_vector_port_is_drained():
    senders = Senders(v0=[parcel(CLOSING)], v1=[parcel("x"), parcel(CLOSING)])
    drained = port("v", length=2)
    assert senders.drain(drained)
    assert drained.open_slots() == []


@pytest.mark.parametrize("length", [0, 1, 3])
def test_draining_does_not_wait_for_slots_that_a_resizable_port_has_lost(length):
    slots = {f"v{slot}": [parcel(CLOSING, length)] for slot in range(max(length, 1))}
    drained = port("v", length=3, is_resizable=True)
    assert Senders(**slots).drain(drained)
    assert drained.open_slots() == []


def test_draining_uses_the_communicator_without_counting_messages():
    exchange = Exchange("macro o_i -> micro f_init", must_drain=True)
    macro, micro = exchange.join("macro"), exchange.join("micro", depth=2)
    macro.send("o_i", "x")
    macro.communicator.send_milestone(macro.ports["o_i"], CLOSING)
    drained = micro.ports["f_init"]
    assert not macro.transport.wait_until_sent(timeout=0)
    assert Draining(micro.communicator, clock=ManualClock()).drain([drained], timeout=TIMEOUT)
    assert macro.transport.wait_until_sent(timeout=0)
    assert drained.message_counts == [0]
