"""What is written at once, what is queued, and what is kept until the receiver has it."""

import socket
import threading

import pytest

from adapters.tcp import outgoing_stream
from adapters.tcp.event_loop import EventLoop
from adapters.tcp.outgoing_stream import OutgoingStream, StreamOutlet
from adapters.wire import stream
from adapters.wire.frames import word
from domain.errors import UnsendableData
from domain.messages import PeerMessage
from domain.settings import Settings
from tests.unit.adapters.tcp.loopback import PATIENCE, take

HUGE = 2**24


@pytest.fixture
def loop():
    loop = EventLoop("io")
    loop.start()
    yield loop
    loop.close()


@pytest.fixture
def outgoing(loop):
    outgoing = OutgoingStream(loop)
    yield outgoing
    outgoing.close()


@pytest.fixture
def attach(loop, outgoing):
    """Return what connects a receiver, and returns its end of the connection."""
    ends = []

    def make(family=socket.AF_INET, received=0):
        ours, theirs = pair_of(family)
        ends.append(theirs)
        theirs.settimeout(PATIENCE)
        ours.setblocking(False)
        is_attached = threading.Event()

        def run():
            outgoing.attach(ours, received)
            is_attached.set()

        loop.call_soon(run)
        assert is_attached.wait(PATIENCE)
        return theirs

    yield make
    for theirs in ends:
        theirs.close()


def pair_of(family):
    if family == socket.AF_UNIX:
        return socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        return listener.accept()[0], theirs


FAMILIES = pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX], ids=["tcp", "unix"])


@FAMILIES
def test_what_is_sent_before_the_receiver_is_there_is_kept_for_it(outgoing, attach, family):
    outgoing.send([b"one"])
    outgoing.send([b"two", memoryview(b"three")])
    assert not outgoing.wait_until_sent(timeout=0)
    assert take(attach(family), 11) == b"onetwothree"


@FAMILIES
def test_what_is_sent_then_comes_in_order(outgoing, attach, family):
    theirs = attach(family)
    for number in range(100):
        outgoing.send([b"%03d" % number])
    assert take(theirs, 300) == b"".join(b"%03d" % number for number in range(100))


@FAMILIES
def test_what_the_receiver_does_not_take_yet_does_not_hold_the_sender(outgoing, attach, family):
    theirs = attach(family)
    data = bytearray(b"x" * HUGE)
    outgoing.send([b"head", memoryview(data)])
    outgoing.send([b"next"])
    data[:] = b"y" * HUGE
    assert not outgoing.wait_until_sent(timeout=0)
    assert take(theirs, HUGE + 8) == b"head" + b"x" * HUGE + b"next"


def test_on_this_machine_all_is_sent_when_it_is_written(outgoing, attach):
    attach(socket.AF_UNIX)
    outgoing.send([b"x"])
    assert outgoing.wait_until_sent(timeout=0)


def test_over_a_network_all_is_sent_when_the_receiver_says_so(outgoing, attach):
    theirs = attach()
    outgoing.send([b"one"])
    outgoing.send([b"two"])
    theirs.sendall(word(1))
    assert not outgoing.wait_until_sent(timeout=0.05)
    theirs.sendall(word(2)[:3])
    theirs.sendall(word(2)[3:])
    assert outgoing.wait_until_sent(timeout=PATIENCE)


def test_a_receiver_that_comes_back_gets_what_it_does_not_have(outgoing, attach):
    theirs = attach()
    for frame in (b"one", b"two", b"three"):
        outgoing.send([frame])
    assert take(theirs, 3) == b"one"
    theirs.close()
    assert take(attach(received=1), 8) == b"twothree"


def test_a_receiver_that_comes_back_before_its_loss_was_noticed_replaces_itself(outgoing, attach):
    first = attach()
    outgoing.send([b"one"])
    second = attach(received=0)
    assert take(second, 3) == b"one"
    assert take(first, 3) == b"one"
    assert first.recv(1) == b""


def test_on_this_machine_a_receiver_that_is_gone_is_gone_for_good(outgoing, attach):
    attach(socket.AF_UNIX).close()
    assert outgoing.wait_until_sent(timeout=PATIENCE)
    outgoing.send([b"x"])
    assert outgoing.wait_until_sent(timeout=0)


def test_receiver_that_says_goodbye_is_not_waited_for(outgoing, attach):
    theirs = attach()
    for frame in (b"one", b"two"):
        outgoing.send([frame])
    theirs.sendall(word(1))
    assert not outgoing.wait_until_sent(timeout=0.05)
    theirs.sendall(word(stream.GOODBYE))
    assert outgoing.wait_until_sent(timeout=PATIENCE)
    outgoing.send([b"three"])
    assert outgoing.wait_until_sent(timeout=0)
    assert attach().recv(1) == b""


def test_goodbye_in_pieces_is_understood(outgoing, attach):
    theirs = attach()
    outgoing.send([b"one"])
    said = word(0) + word(stream.GOODBYE)
    theirs.sendall(said[:-1])
    assert not outgoing.wait_until_sent(timeout=0.05)
    theirs.sendall(said[-1:])
    assert outgoing.wait_until_sent(timeout=PATIENCE)


def test_stream_awaits_its_first_connection_while_something_is_kept_for_it(outgoing, attach):
    assert not outgoing.awaits_first_connection
    outgoing.send([b"one"])
    assert outgoing.awaits_first_connection
    attach().close()
    assert not outgoing.awaits_first_connection


def test_stream_that_was_given_up_awaits_nothing(outgoing):
    outgoing.send([b"one"])
    outgoing.close()
    assert not outgoing.awaits_first_connection
    assert outgoing.wait_until_sent(timeout=0)


def test_on_this_machine_a_receiver_connects_once(outgoing, attach):
    theirs = attach(socket.AF_UNIX)
    assert attach(socket.AF_UNIX).recv(1) == b""
    outgoing.send([b"x"])
    assert take(theirs, 1) == b"x"


def test_a_receiver_that_does_not_come_back_is_given_up(outgoing, attach, monkeypatch):
    monkeypatch.setattr(outgoing_stream, "RETURN_TIME", 0.05)
    theirs = attach()
    outgoing.send([b"x"])
    theirs.close()
    assert outgoing.wait_until_sent(timeout=PATIENCE)
    assert attach().recv(1) == b""


def test_after_closing_nothing_is_sent_and_nothing_waited_for(outgoing, attach):
    theirs = attach()
    outgoing.send([b"x"])
    outgoing.close()
    outgoing.close()
    outgoing.send([b"y"])
    assert outgoing.wait_until_sent(timeout=0)
    assert take(theirs, 1) == b"x"
    assert theirs.recv(1) == b""


def test_each_endpoint_has_a_channel_that_is_opened_once(outgoing, attach):
    theirs = attach()
    outlets = [StreamOutlet(outgoing, receiver=f"micro.{port}") for port in ("a", "b")]
    opened = stream.open_channel(0, "micro.a") + stream.open_channel(1, "micro.b")
    assert take(theirs, len(opened)) == opened
    message = PeerMessage(0.0, None, "x", Settings(), None, 0, ())
    sizes = [outlet.send(message) for outlet in outlets]
    frames = [b"".join(map(bytes, stream.encode_message(n, message))) for n in range(2)]
    assert take(theirs, sum(sizes)) == b"".join(frames)


def test_of_what_cannot_be_sent_nothing_is(outgoing, attach):
    theirs = attach()
    outlet = StreamOutlet(outgoing, receiver="micro.a")
    take(theirs, len(stream.open_channel(0, "micro.a")))
    with pytest.raises(UnsendableData):
        outlet.send(PeerMessage(0.0, None, [1, object()], Settings(), None, 0, ()))
    outgoing.send([b"next"])
    assert take(theirs, 4) == b"next"
