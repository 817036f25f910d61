"""The sending side of a stream, alone and against the receiving side, without sockets."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.io.network import remove_front
from adapters.wire import stream
from adapters.wire.frames import word
from adapters.wire.reconnection import ConnectionState
from adapters.wire.stream_sender import StreamSender
from domain.coupling.grid import Grid
from domain.errors import LocalProtocolError, RemoteProtocolError
from tests.support.stream_ends import (
    PieceCutter,
    connect_receiver,
    message,
    new_receiver,
)
from tests.unit.adapters.wire.wire_values import same


def connected(*, is_resumable: bool = True) -> StreamSender:
    sender = StreamSender(return_time=60.0)
    sender.connected(received=0, is_resumable=is_resumable)
    return sender


def add(sender: StreamSender, *pieces: "bytes | memoryview", written: int = 0) -> bytes:
    """Add a frame and immediately write part of it; return what was written."""
    left = sender.add(list(pieces))
    data = b"".join(map(bytes, left))[:written]
    remove_front(left, len(data))
    sender.end_direct_write(left)
    return data


def take(sender: StreamSender, count: int = 10**9) -> bytes:
    """Write from the queue; return what was written."""
    assert sender.may_write
    data = b"".join(map(bytes, sender.outgoing))[:count]
    remove_front(sender.outgoing, len(data))
    sender.written(len(data))
    return data


KINDS = pytest.mark.parametrize("is_resumable", [True, False], ids=["tcp", "unix"])


# Queueing and writing


@KINDS
def test_frames_are_kept_until_the_receiver_connects(is_resumable: bool):
    sender = StreamSender()
    assert add(sender, b"one", written=99) == b""
    assert add(sender, b"two", memoryview(b"three"), written=99) == b""
    assert not sender.is_all_received
    sender.connected(received=0, is_resumable=is_resumable)
    assert take(sender) == b"onetwothree"
    assert sender.is_all_received is not is_resumable


@KINDS
def test_frame_may_be_written_at_once_if_nothing_precedes_it(is_resumable: bool):
    sender = connected(is_resumable=is_resumable)
    assert add(sender, b"one", b"two", written=6) == b"onetwo"
    assert not sender.outgoing


@KINDS
def test_unwritten_part_of_a_frame_is_queued(is_resumable: bool):
    for written in range(7):
        sender = connected(is_resumable=is_resumable)
        assert add(sender, b"one", b"two", written=written) == b"onetwo"[:written]
        assert take(sender) == b"onetwo"[written:]


@KINDS
def test_frame_behind_others_is_queued(is_resumable: bool):
    sender = connected(is_resumable=is_resumable)
    add(sender, b"one", written=1)
    assert sender.add([b"two"]) == deque()
    assert take(sender) == b"netwo"


@KINDS
def test_frame_that_another_thread_adds_during_a_direct_write_comes_after_it(is_resumable: bool):
    sender = connected(is_resumable=is_resumable)
    left = sender.add([b"one"])
    assert not sender.may_write
    assert sender.add([b"two"]) == deque()
    remove_front(left, 1)
    sender.end_direct_write(left)
    assert take(sender) == b"netwo"


@KINDS
def test_data_may_be_changed_once_the_direct_write_has_ended(is_resumable: bool):
    sender = connected(is_resumable=is_resumable)
    data = bytearray(b"data")
    add(sender, b"head", memoryview(data), written=5)
    queued = bytearray(b"queued")
    sender.add([b"next", memoryview(queued)])
    data[:] = b"XXXX"
    queued[:] = b"XXXXXX"
    assert take(sender) == b"atanextqueued"


def test_data_are_not_copied_for_a_direct_write_to_a_unix_socket():
    sender = connected(is_resumable=False)
    data = np.arange(1000.0)
    left = sender.add([b"head", data.data.cast("B")])
    assert np.shares_memory(np.frombuffer(left[1], np.uint8), data)


@KINDS
def test_stream_is_idle_when_a_frame_may_bypass_the_queue(is_resumable: bool):
    sender = StreamSender()
    assert not sender.is_idle
    sender.connected(received=0, is_resumable=is_resumable)
    assert sender.is_idle is not is_resumable
    left = sender.add([b"one"])
    assert not sender.is_idle
    sender.end_direct_write(left)
    assert not sender.is_idle
    take(sender)
    assert sender.is_idle is not is_resumable


def test_bytes_are_queued_until_they_are_written_to_a_unix_socket():
    sender = StreamSender()
    add(sender, b"early")
    assert sender.queued == 5
    sender.connected(received=0, is_resumable=False)
    assert sender.queued == 5
    take(sender, 3)
    assert (sender.queued, sender.taken) == (2, 3)
    take(sender)
    add(sender, b"one", b"two", written=4)
    sender.add([b"three"])
    assert sender.queued == 7
    sender.lose()
    assert sender.queued == 0


def test_bytes_are_queued_until_they_are_acknowledged_over_a_network():
    sender = connected()
    add(sender, b"one", written=3)
    add(sender, b"three", written=1)
    assert sender.queued == 8
    take(sender)
    assert sender.queued == 8
    taken = sender.taken
    sender.received(word(1))
    assert sender.queued == 5
    assert sender.taken > taken
    sender.connection_lost(now=0.0)
    sender.connected(received=2, is_resumable=True)
    assert sender.queued == 0


def test_channels_are_numbered_from_zero():
    sender = StreamSender()
    opened = [sender.open_channel(f"micro.{port}") for port in "ab"]
    assert opened == [(n, stream.open_channel(n, f"micro.{port}")) for n, port in enumerate("ab")]


# Acknowledgements


def test_resumable_stream_is_all_received_when_all_frames_are_acknowledged():
    sender = connected()
    for frame in (b"one", b"two"):
        add(sender, frame, written=3)
    sender.received(word(1))
    assert not sender.is_all_received
    acknowledgement = word(2)
    for position in range(8):
        assert not sender.is_all_received
        sender.received(acknowledgement[position : position + 1])
    assert sender.is_all_received


def test_stream_over_a_unix_socket_is_all_received_when_it_is_written():
    sender = connected(is_resumable=False)
    left = sender.add([b"one"])
    assert not sender.is_all_received
    sender.end_direct_write(left)
    assert not sender.is_all_received
    take(sender)
    assert sender.is_all_received


def test_repeated_and_late_acknowledgements_are_harmless():
    sender = connected()
    for frame in (b"one", b"two", b"three"):
        add(sender, frame, written=5)
    sender.received(word(2) + word(2) + word(1))
    sender.connected(received=2, is_resumable=True)
    assert take(sender) == b"three"


def test_acknowledgement_that_is_not_a_number_is_rejected():
    with pytest.raises(RemoteProtocolError):
        connected().received(b"\xff" * 8)


def test_half_an_acknowledgement_is_dropped_with_its_connection():
    sender = connected()
    add(sender, b"one", written=3)
    sender.received(word(1)[:5])
    sender.connected(received=0, is_resumable=True)
    take(sender)
    sender.received(word(1))
    assert sender.is_all_received


# Reconnecting and giving up


def test_receiver_that_connects_again_gets_the_frames_that_it_lacks():
    sender = connected()
    for frame in (b"one", b"two", b"three"):
        add(sender, frame, written=5)
    sender.connection_lost(now=0.0)
    assert not sender.may_write
    add(sender, b"four")
    sender.connected(received=1, is_resumable=True)
    assert take(sender) == b"twothreefour"


def test_frame_is_repeated_from_its_beginning():
    sender = connected()
    add(sender, b"one", written=2)
    sender.connection_lost(now=0.0)
    sender.connected(received=0, is_resumable=True)
    assert take(sender) == b"one"


@pytest.mark.parametrize("is_lost_first", [True, False])
def test_direct_write_to_a_connection_that_was_replaced_is_ignored(is_lost_first: bool):
    sender = connected()
    left = sender.add([b"one"])
    if is_lost_first:
        sender.connection_lost(now=0.0)
    sender.connected(received=0, is_resumable=True)
    remove_front(left, 1)
    assert sender.may_write
    sender.end_direct_write(left)
    assert take(sender) == b"one"


def test_direct_write_to_a_replaced_connection_does_not_end_that_to_the_new_one():
    sender = connected()
    old = sender.add([b"one"])
    sender.connected(received=1, is_resumable=True)
    new = sender.add([b"two"])
    assert b"".join(map(bytes, new)) == b"two"
    sender.end_direct_write(old)
    assert not sender.may_write
    sender.end_direct_write(new)
    assert take(sender) == b"two"


def test_receiver_over_a_unix_socket_connects_once():
    sender = connected(is_resumable=False)
    assert not sender.accepts_connection
    with pytest.raises(LocalProtocolError):
        sender.connected(received=0, is_resumable=False)


def test_loss_of_a_unix_socket_is_the_loss_of_the_receiver():
    sender = connected(is_resumable=False)
    add(sender, b"one")
    sender.connection_lost(now=0.0)
    assert sender.is_lost
    assert sender.is_all_received
    assert sender.next_deadline() is None


def test_receiver_that_does_not_return_in_time_is_lost():
    sender = connected()
    add(sender, b"one")
    assert sender.next_deadline() is None
    sender.connection_lost(now=100.0)
    assert sender.next_deadline() == 160.0
    sender.tick(159.9)
    assert not sender.is_lost
    sender.tick(160.0)
    assert sender.is_lost
    assert sender.is_all_received
    assert not sender.accepts_connection
    assert sender.next_deadline() is None


def test_receiver_that_returns_in_time_is_not_lost():
    sender = connected()
    sender.connection_lost(now=100.0)
    sender.connected(received=0, is_resumable=True)
    sender.tick(1000.0)
    assert not sender.is_lost


def test_no_frames_are_kept_for_a_lost_receiver():
    sender = connected()
    add(sender, b"one")
    sender.lose()
    assert sender.add([b"two"]) == deque()
    assert not sender.outgoing
    assert sender.is_all_received


# Against the receiver


class Wire:
    """Connects a sender and a receiver over connections that are cut.

    Args:
        lifetimes: Bytes from the sender after which each connection is cut; the last is not cut.
        chunk: Number of bytes to carry at a time.
        at_once: Number of bytes of a frame to write immediately.
    """

    def __init__(self, *lifetimes: int, chunk: int = 61, at_once: int = 0) -> None:
        self.sender = StreamSender()
        self.receiver = new_receiver()
        self.received: list[object] = []
        self.connections = 0
        self.carried = 0
        self._lifetimes = list(lifetimes)
        self._chunk = chunk
        self._at_once = at_once
        self._left = 0
        self._cutter: PieceCutter | None = None
        self._channel, opened = self.sender.open_channel("micro.in")
        add(self.sender, opened)

    def send(self, data: object, number: int) -> None:
        left = self.sender.add(stream.encode_message(self._channel, message(data, number)))
        if left:
            written = b"".join(map(bytes, left))[: self._at_once]
            written = self._carry(written)
            remove_front(left, len(written))
        self.sender.end_direct_write(left)

    def run(self) -> None:
        """Carry all data, over as many connections as necessary."""
        while not self.sender.is_all_received:
            if self._cutter is None:
                self._connect()
            data = b"".join(map(bytes, self.sender.outgoing))[: self._chunk]
            carried = self._carry(data)
            if self._cutter is not None:
                remove_front(self.sender.outgoing, len(carried))
                if not self.sender.outgoing and not self.sender.is_all_received:
                    self.receiver.end()
                    self.sender.received(self.receiver.data_to_send())

    def _connect(self) -> None:
        name, received = connect_receiver(self.receiver)
        assert name == "micro"
        self.sender.connected(received=received, is_resumable=True)
        self._cutter = PieceCutter(self.receiver)
        self._left = self._lifetimes.pop(0) if self._lifetimes else 10**9
        self.connections += 1

    def _carry(self, data: bytes) -> bytes:
        """Carry bytes to the receiver until the connection is cut; return them."""
        assert self._cutter is not None
        data = data[: self._left]
        self._left -= len(data)
        self.carried += len(data)
        self.received += [item.data for item in self._cutter.put(data)]
        self.sender.received(self.receiver.data_to_send())
        if self._left == 0:
            self.receiver.connection_lost(now=0.0)
            assert self.receiver.state is ConnectionState.DISCONNECTED
            self.sender.connection_lost(now=0.0)
            self._cutter = None
        return data


LARGE = Grid(np.arange(1100.0))  # sent in a separate buffer
DATA = ["one", Grid(np.arange(30.0)), LARGE, None, "last"]


def check(wire: Wire) -> None:
    """Send all data, and check that each item arrives exactly once."""
    for number, item in enumerate(DATA):
        wire.send(item, number)
    wire.run()
    assert len(wire.received) == len(DATA)
    assert all(same(sent, received) for sent, received in zip(DATA, wire.received, strict=True))
    assert wire.receiver.frames == len(DATA) + 1


def test_all_messages_arrive_over_one_connection():
    wire = Wire()
    check(wire)
    assert wire.connections == 1


def test_connection_cut_after_any_byte_loses_and_repeats_no_frame():
    uncut = Wire(chunk=10_000)
    check(uncut)
    total = uncut.carried
    buffer = range(700, total - 400, 97)  # every 97th byte of the large buffer
    for lifetime in (*range(1, 700), *buffer, *range(total - 400, total)):
        wire = Wire(lifetime, chunk=10_000)
        check(wire)
        assert wire.connections == 2


@given(st.lists(st.integers(1, 4000), max_size=5), st.sampled_from([61, 700, 10_000]))
def test_connections_cut_anywhere_lose_and_repeat_no_frame(lifetimes: list[int], chunk: int):
    check(Wire(*lifetimes, chunk=chunk))


@given(st.lists(st.integers(1, 3000), max_size=4), st.integers(0, 3000))
def test_frames_written_at_once_over_connections_that_are_cut_arrive_once(
    lifetimes: list[int], at_once: int
):
    wire = Wire(*lifetimes, chunk=10_000, at_once=at_once)
    wire._connect()
    check(wire)


def test_goodbye_of_the_receiver_drops_all_frames():
    sender = connected()
    add(sender, b"one")
    sender.received(word(0) + word(stream.GOODBYE)[:3])
    assert not sender.is_all_received
    sender.received(word(stream.GOODBYE)[3:])
    assert sender.is_lost
    assert sender.is_all_received
    assert not sender.accepts_connection


def test_words_after_the_goodbye_are_ignored():
    sender = connected()
    sender.received(word(stream.GOODBYE) + word(7))
    assert sender.is_lost


def test_first_connection_is_awaited_while_frames_are_kept_for_it():
    sender = StreamSender()
    assert not sender.awaits_first_connection
    add(sender, b"one")
    assert sender.awaits_first_connection
    sender.connected(received=0, is_resumable=True)
    assert not sender.awaits_first_connection
