"""Frames that are written immediately, queued, or kept until they are acknowledged."""

import contextlib
import select
import socket
import threading

import pytest

from adapters.io.event_loop import EventLoop
from adapters.tcp import outgoing_stream
from adapters.tcp.outgoing_stream import OutgoingStream, StreamOutlet
from adapters.wire import stream
from adapters.wire.frames import word
from adapters.wire.stream_sender import RETURN_TIME
from domain.coupling.messages import PeerMessage
from domain.coupling.settings import Settings
from domain.errors import UnsendableData
from tests.support.conditions import wait_until
from tests.unit.adapters.tcp.loopback import PATIENCE, take

HUGE = 2**24


@pytest.fixture
def loop():
    loop = EventLoop("io")
    loop.start()
    yield loop
    loop.close()


@pytest.fixture
def return_time():
    return RETURN_TIME


@pytest.fixture
def outgoing(loop, return_time):
    outgoing = OutgoingStream(loop, return_time=return_time)
    yield outgoing
    outgoing.close()


@pytest.fixture
def attach(loop, outgoing):
    """Return a function that connects a receiver and returns its end of the connection."""
    ends = []

    def make(family=socket.AF_INET, received=0, trailing_data=b""):
        ours, theirs = pair_of(family)
        ends.append(theirs)
        theirs.settimeout(PATIENCE)
        ours.setblocking(False)
        is_attached = threading.Event()

        def run():
            outgoing.attach(ours, received, trailing_data=trailing_data)
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
def test_frames_sent_before_the_receiver_connects_are_kept(outgoing, attach, family):
    outgoing.send([b"one"])
    outgoing.send([b"two", memoryview(b"three")])
    assert not outgoing.wait_until_sent(timeout=0)
    assert take(attach(family), 11) == b"onetwothree"


@FAMILIES
def test_frames_arrive_in_order(outgoing, attach, family):
    theirs = attach(family)
    for number in range(100):
        outgoing.send([b"%03d" % number])
    assert take(theirs, 300) == b"".join(b"%03d" % number for number in range(100))


@FAMILIES
def test_sender_does_not_wait_for_a_slow_receiver(outgoing, attach, family):
    theirs = attach(family)
    data = bytearray(b"x" * HUGE)
    outgoing.send([b"head", memoryview(data)])
    outgoing.send([b"next"])
    data[:] = b"y" * HUGE
    assert not outgoing.wait_until_sent(timeout=0)
    assert take(theirs, HUGE + 8) == b"head" + b"x" * HUGE + b"next"


def test_frames_over_a_unix_socket_are_sent_once_written(outgoing, attach):
    attach(socket.AF_UNIX)
    outgoing.send([b"x"])
    assert outgoing.wait_until_sent(timeout=0)


def test_frames_over_a_network_are_sent_once_acknowledged(outgoing, attach):
    theirs = attach()
    outgoing.send([b"one"])
    outgoing.send([b"two"])
    theirs.sendall(word(1))
    assert not outgoing.wait_until_sent(timeout=0.05)
    theirs.sendall(word(2)[:3])
    theirs.sendall(word(2)[3:])
    assert outgoing.wait_until_sent(timeout=PATIENCE)


def test_acknowledgements_that_follow_the_hello_count(outgoing, attach):
    outgoing.send([b"one"])
    attach(trailing_data=word(1)[:5]).sendall(word(1)[5:])
    assert outgoing.wait_until_sent(timeout=PATIENCE)


def test_goodbye_that_follows_the_hello_counts(outgoing, attach):
    outgoing.send([b"one"])
    attach(trailing_data=word(0) + word(stream.GOODBYE))
    assert outgoing.wait_until_sent(timeout=PATIENCE)


def test_garbage_after_the_hello_ends_the_connection(outgoing, attach):
    outgoing.send([b"one"])
    theirs = attach(trailing_data=b"\xff" * 8)
    while theirs.recv(100):
        pass
    assert take(attach(), 3) == b"one"


def test_receiver_that_reconnects_gets_the_frames_that_it_lacks(outgoing, attach):
    theirs = attach()
    for frame in (b"one", b"two", b"three"):
        outgoing.send([frame])
    assert take(theirs, 3) == b"one"
    theirs.close()
    assert take(attach(received=1), 8) == b"twothree"


def test_frames_for_a_disconnected_receiver_are_in_transit_until_it_returns(outgoing, attach):
    outgoing.send([b"one"])
    assert not outgoing.is_in_transit  # nothing waits for it yet
    theirs = attach()
    wait_until(lambda: not outgoing.is_in_transit)
    theirs.close()
    wait_until(lambda: outgoing.is_in_transit)
    attach(received=1)
    wait_until(lambda: not outgoing.is_in_transit)
    outgoing.close()
    assert not outgoing.is_in_transit


def test_disconnected_receiver_that_has_everything_awaits_nothing_in_transit(outgoing, attach):
    theirs = attach()
    theirs.close()
    wait_until(lambda: outgoing.awaits_reconnection)
    assert not outgoing.is_in_transit


def test_new_connection_replaces_one_whose_loss_was_not_noticed(outgoing, attach):
    first = attach()
    outgoing.send([b"one"])
    second = attach(received=0)
    assert take(second, 3) == b"one"
    assert take(first, 3) == b"one"
    assert first.recv(1) == b""


def test_receiver_whose_unix_socket_is_closed_is_lost(outgoing, attach):
    attach(socket.AF_UNIX).close()
    assert outgoing.wait_until_sent(timeout=PATIENCE)
    outgoing.send([b"x"])
    assert outgoing.wait_until_sent(timeout=0)


def test_receiver_connects_over_a_unix_socket_only_once(outgoing, attach):
    theirs = attach(socket.AF_UNIX)
    assert attach(socket.AF_UNIX).recv(1) == b""
    outgoing.send([b"x"])
    assert take(theirs, 1) == b"x"


@pytest.mark.parametrize("return_time", [0.05])
def test_receiver_that_does_not_reconnect_in_time_is_given_up(outgoing, attach):
    theirs = attach()
    outgoing.send([b"x"])
    theirs.close()
    assert outgoing.wait_until_sent(timeout=PATIENCE)
    assert attach().recv(1) == b""


def test_closed_stream_neither_sends_nor_waits(outgoing, attach):
    theirs = attach()
    outgoing.send([b"x"])
    outgoing.close()
    outgoing.close()
    outgoing.send([b"y"])
    assert outgoing.wait_until_sent(timeout=0)
    assert take(theirs, 1) == b"x"
    assert theirs.recv(1) == b""


class PausingSelect:
    """Replaces the module `select`: acts while a thread waits for the receiver."""

    POLLOUT = select.POLLOUT

    def __init__(self, action):
        self._action = action
        self.pauses = 0

    def poll(self):
        pause, real = self._pause, select.poll()

        class Poll:
            register = real.register

            def poll(self, timeout):
                pause()
                return real.poll(timeout)

        return Poll()

    def _pause(self):
        self.pauses += 1
        if self.pauses == 1:
            thread = threading.Thread(target=self._action)
            thread.start()
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def during_wait(monkeypatch):
    """Return a function that makes another thread act while a sender waits for the receiver."""

    def prepare(action):
        pausing = PausingSelect(action)
        monkeypatch.setattr(outgoing_stream, "select", pausing)
        return pausing

    return prepare


@FAMILIES
def test_lock_is_free_while_a_thread_waits_for_the_receiver(outgoing, attach, during_wait, family):
    theirs = attach(family)

    def use():
        outgoing.send([b"next"])
        assert not outgoing.wait_until_sent(timeout=0)

    waits = during_wait(use)
    outgoing.send([b"head", memoryview(bytes(HUGE))])
    assert waits.pauses
    assert take(theirs, HUGE + 8) == b"head" + bytes(HUGE) + b"next"


def test_connection_that_is_replaced_while_a_thread_waits_is_closed(outgoing, attach, during_wait):
    first = attach()
    ends = []
    waits = during_wait(lambda: ends.append(attach()))
    outgoing.send([b"head", memoryview(bytes(HUGE))])
    outgoing.send([b"next"])
    assert waits.pauses
    assert take(ends[0], HUGE + 8) == b"head" + bytes(HUGE) + b"next"
    while first.recv(HUGE):
        pass


@FAMILIES
def test_stream_that_is_closed_while_a_thread_waits_is_closed(
    outgoing, attach, during_wait, family
):
    theirs = attach(family)
    waits = during_wait(outgoing.close)
    outgoing.send([bytes(HUGE)])
    assert waits.pauses == 1
    assert outgoing.wait_until_sent(timeout=0)
    with contextlib.suppress(ConnectionError):
        while theirs.recv(HUGE):
            pass


def test_receiver_that_returns_after_a_write_failed_gets_the_whole_frame(
    outgoing, attach, during_wait
):
    waits = during_wait(attach().close)
    outgoing.send([b"head", memoryview(bytes(HUGE))])
    assert waits.pauses
    assert take(attach(), HUGE + 4) == b"head" + bytes(HUGE)


def test_interrupted_write_is_continued_by_the_loop(outgoing, attach, during_wait):
    theirs = attach(socket.AF_UNIX)

    def interrupt():
        raise KeyboardInterrupt

    waits = during_wait(lambda: None)
    waits._pause = interrupt
    with pytest.raises(KeyboardInterrupt):
        outgoing.send([b"head", memoryview(bytes(HUGE))])
    assert take(theirs, HUGE + 4) == b"head" + bytes(HUGE)


def test_channel_of_each_endpoint_is_opened_once(outgoing, attach):
    theirs = attach()
    outlets = [StreamOutlet(outgoing, receiver=f"micro.{port}") for port in ("a", "b")]
    opened = stream.open_channel(0, "micro.a") + stream.open_channel(1, "micro.b")
    assert take(theirs, len(opened)) == opened
    message = PeerMessage(0.0, None, "x", Settings(), None, 0, ())
    sizes = [outlet.send(message) for outlet in outlets]
    frames = [b"".join(map(bytes, stream.encode_message(n, message))) for n in range(2)]
    assert take(theirs, sum(sizes)) == b"".join(frames)


def test_unsendable_data_leave_no_partial_frame(outgoing, attach):
    theirs = attach()
    outlet = StreamOutlet(outgoing, receiver="micro.a")
    take(theirs, len(stream.open_channel(0, "micro.a")))
    with pytest.raises(UnsendableData):
        outlet.send(PeerMessage(0.0, None, [1, object()], Settings(), None, 0, ()))
    outgoing.send([b"next"])
    assert take(theirs, 4) == b"next"


def test_receiver_that_sends_goodbye_is_not_awaited(outgoing, attach):
    theirs = attach()
    for frame in (b"one", b"two"):
        outgoing.send([frame])
    theirs.sendall(word(1))
    assert not outgoing.wait_until_sent(timeout=0.05)
    theirs.sendall(word(stream.GOODBYE))
    assert outgoing.wait_until_sent(timeout=PATIENCE)
    outgoing.send([b"three"])
    assert outgoing.wait_until_sent(timeout=0)
    # a receiver that reconnects did not receive the confirmation
    assert received_until_the_end(attach()) == stream.GOODBYE_READ


def received_until_the_end(sock):
    return b"".join(iter(lambda: sock.recv(100), b""))


def test_goodbye_is_confirmed_after_the_frames(outgoing, attach):
    theirs = attach()
    outgoing.send([b"one"])
    theirs.sendall(word(stream.GOODBYE))
    theirs.shutdown(socket.SHUT_WR)
    assert received_until_the_end(theirs) == b"one" + stream.GOODBYE_READ


def test_goodbye_directly_after_the_hello_is_confirmed(attach):
    theirs = attach(trailing_data=word(stream.GOODBYE))
    assert take(theirs, len(stream.GOODBYE_READ)) == stream.GOODBYE_READ


def test_goodbye_that_was_not_read_before_a_write_fails_counts(outgoing, attach, loop):
    theirs = attach()
    may_proceed = threading.Event()
    is_held = threading.Event()
    loop.call_soon(lambda: (is_held.set(), may_proceed.wait(PATIENCE)))
    assert is_held.wait(PATIENCE)  # so that the loop does not read the goodbye
    theirs.sendall(word(stream.GOODBYE))
    theirs.close()

    def is_given_up():
        outgoing.send([b"frame"])
        return outgoing.wait_until_sent(timeout=0)

    try:
        wait_until(is_given_up)
    finally:
        may_proceed.set()


def test_goodbye_in_pieces_is_parsed(outgoing, attach):
    theirs = attach()
    outgoing.send([b"one"])
    said = word(0) + word(stream.GOODBYE)
    theirs.sendall(said[:-1])
    assert not outgoing.wait_until_sent(timeout=0.05)
    theirs.sendall(said[-1:])
    assert outgoing.wait_until_sent(timeout=PATIENCE)


def test_stream_awaits_its_first_connection_while_frames_are_kept(outgoing, attach):
    assert not outgoing.awaits_first_connection
    outgoing.send([b"one"])
    assert outgoing.awaits_first_connection
    attach().close()
    assert not outgoing.awaits_first_connection


def test_stream_that_was_given_up_does_not_wait(outgoing):
    outgoing.send([b"one"])
    outgoing.close()
    assert not outgoing.awaits_first_connection
    assert outgoing.wait_until_sent(timeout=0)
