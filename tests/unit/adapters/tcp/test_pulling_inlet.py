"""Fetching from a peer that answers one request at a time."""

import threading

import pytest

from adapters.io.event_loop import EventLoop
from adapters.tcp.outboxes import Outboxes, OutboxOutlet
from adapters.tcp.pulling_inlet import PulledPeer, PullingInlet
from adapters.tcp.server import Server
from adapters.wire.frames import word
from adapters.wire.locations import TCP, format_location
from domain.coupling.messages import PeerMessage
from domain.coupling.settings import Settings
from domain.errors import PeerLost, RemoteProtocolError
from tests.support.conditions import wait_until
from tests.unit.adapters.tcp.loopback import PATIENCE, give, scripted, take_request, take_word


def message(data):
    return PeerMessage(0.0, None, data, Settings(), None, 0, ())


class Sender:
    """An instance whose messages wait to be fetched."""

    def __init__(self):
        self.boxes = Outboxes()
        self.server = Server(
            lambda request, reply: self.boxes.handle(request.body, reply),
            loop=EventLoop("sender"),
            max_request=2**20,
        )
        location = format_location(TCP, self.server.listen(["127.0.0.1"]))
        self.server.start()
        self.peer = PulledPeer("macro", [location])

    def send(self, data, port="in"):
        OutboxOutlet(self.boxes, sender="macro.out", receiver=f"micro.{port}").send(message(data))

    def inlet(self, port="in"):
        return PullingInlet(self.peer, receiver=f"micro.{port}")


@pytest.fixture
def sender():
    sender = Sender()
    yield sender
    sender.peer.close()
    sender.server.close()


def test_messages_are_fetched_in_order(sender):
    inlet = sender.inlet()
    for number in range(3):
        sender.send(number)
    assert [inlet.receive(timeout=None).data for _ in range(3)] == [0, 1, 2]


def test_receive_after_a_timeout_gets_the_next_message(sender):
    inlet = sender.inlet()
    assert inlet.receive(timeout=0) is None
    assert inlet.receive(timeout=0.01) is None
    sender.send("late")
    assert inlet.receive(timeout=None).data == "late"


def test_ports_that_wait_concurrently_have_separate_sessions(sender):
    first, second = sender.inlet("a"), sender.inlet("b")
    assert first.receive(timeout=0) is None
    sender.send("x", "b")
    assert second.receive(timeout=None).data == "x"
    assert sender.server.session_count == 2


def test_ports_that_wait_in_turn_share_a_session(sender):
    for port in ("a", "b", "c"):
        sender.send("x", port)
        sender.inlet(port).receive(timeout=None)
    assert sender.server.session_count == 1


def test_returned_session_is_borrowed_again(sender):
    first = sender.peer.borrow()
    second = sender.peer.borrow()
    assert first is not second
    sender.peer.give_back(first)
    assert sender.peer.borrow() is first


def test_marks_are_those_of_the_last_message(sender):
    inlet = sender.inlet()
    assert inlet.marks == (0, 0, 0)
    sender.send("x")
    inlet.receive(timeout=None)
    assert inlet.marks[0] <= inlet.marks[1] <= inlet.marks[2]
    assert inlet.marks[0] > 1.6e18


def test_closed_peer_is_lost_and_named_in_the_error(sender):
    inlet = sender.inlet()
    sender.peer.close()
    sender.send("x")
    inlet.receive(timeout=None)
    sender.peer.close()
    with pytest.raises(PeerLost, match=r"connection with peer 'macro' was lost.*has been closed"):
        inlet.receive(timeout=None)


def test_invalid_message_is_rejected():
    def answer(sock):
        assert take_word(sock) == 0
        sock.sendall(word(1))
        take_request(sock)
        give(sock, b"\xc1")

    with scripted(answer) as server:
        peer = PulledPeer("macro", [server.location])
        with pytest.raises(RemoteProtocolError):
            PullingInlet(peer, receiver="micro.in").receive(timeout=None)
        peer.close()


def test_ports_of_a_lost_peer_share_the_retry_time(nowhere):
    peer = PulledPeer("macro", [nowhere])
    peer.limit_retries(0.1)
    with pytest.raises(PeerLost) as first:
        PullingInlet(peer, receiver="micro.a").receive(timeout=None)
    with pytest.raises(PeerLost) as second:
        PullingInlet(peer, receiver="micro.b").receive(timeout=None)
    assert str(first.value) == str(second.value)
    assert len(peer._all) == 1
    peer.close()


def test_limited_retries_apply_to_sessions_that_are_waiting(sender):
    inlet = sender.inlet()
    assert inlet.receive(timeout=0) is None
    sender.peer.limit_retries(0.1)
    sender.server.close()
    with pytest.raises(PeerLost):
        inlet.receive(timeout=None)


def test_receive_timeout_includes_the_wait_for_another_thread(sender):
    inlet = sender.inlet()
    received = []
    thread = threading.Thread(target=lambda: received.append(inlet.receive(timeout=None)))
    thread.start()
    wait_until(inlet._receiving.locked)
    assert inlet.receive(timeout=0) is None
    assert inlet.receive(timeout=0.01) is None
    sender.send("x")
    thread.join(PATIENCE)
    assert [message.data for message in received] == ["x"]
