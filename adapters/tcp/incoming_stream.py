"""Receiving from one of our own instances: the model's thread reads by itself."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, TypeAlias, final

from adapters.tcp import network
from adapters.tcp.memory import LARGE, SameSizeMemory
from adapters.tcp.session_client import (
    FIRST_PAUSE,
    GOODBYE_TIME,
    PAUSE_GROWTH,
    RETRY_TIME,
    greet,
)
from adapters.wire import greeting, locations, stream
from adapters.wire.frames import word
from application.interfaces.peer_transport import Inlet
from domain.errors import CouplingError, PeerLost, PortError, RemoteProtocolError, TransportError
from domain.messages import PeerMessage

SLOT: Final = re.compile(r"\[\d+\]$")
BUFFER_SIZE: Final = 65536
FRAMES_PER_ACKNOWLEDGEMENT: Final = 64
LEAST_PATIENCE: Final = 0.001
TIMEVAL: Final = struct.Struct("ll")


class FrameReader:
    """Reads frames from a connection: small parts through a buffer, large ones straight in place.

    Args:
        sock: The connection; blocking.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._patience: float | None = None
        self._memory = SameSizeMemory()
        self._buffer = memoryview(bytearray(BUFFER_SIZE))
        self._start = 0
        self._end = 0

    def wait_readable(self, timeout: float | None) -> bool:
        """Wait until there is something to read, for so many seconds; return whether there is."""
        if self._end > self._start:
            return True
        if timeout is not None and timeout < LEAST_PATIENCE:
            return bool(self._poll.poll(timeout * 1000))
        # One system call waits and reads, where asking first would take another.
        if timeout != self._patience:
            self._set_patience(timeout)
        self._start = self._end = 0
        try:
            self._end = self._receive(self._buffer)
        except BlockingIOError:
            return False
        return True

    def _set_patience(self, timeout: float | None) -> None:
        seconds = int(timeout or 0)
        microseconds = int(((timeout or 0) - seconds) * 1e6)
        value = TIMEVAL.pack(seconds, microseconds)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
        self._patience = timeout

    def read(self, count: int) -> memoryview:
        """Return the next bytes. They are only valid until the next call.

        Raises:
            OSError: If the connection fails.
            EOFError: If it is closed.
        """
        if count > BUFFER_SIZE:
            return self.read_in_place(count)
        if self._end - self._start < count:
            self._fill(count)
        result = self._buffer[self._start : self._start + count]
        self._start += count
        return result

    def read_in_place(self, count: int) -> memoryview:
        """Return the next bytes in a buffer of their own.

        Raises:
            OSError: If the connection fails.
            EOFError: If it is closed.
        """
        if not count:
            return memoryview(b"")
        result = self._memory.take(count)
        at_hand = min(count, self._end - self._start)
        result[:at_hand] = self._buffer[self._start : self._start + at_hand]
        self._start += at_hand
        received = at_hand
        while received < count:
            received += self._receive_surely(result[received:])
        return result

    def _fill(self, count: int) -> None:
        if self._start + count > BUFFER_SIZE or self._start == self._end:
            left = bytes(self._buffer[self._start : self._end])
            self._buffer[: len(left)] = left
            self._start, self._end = 0, len(left)
        while self._end - self._start < count:
            self._end += self._receive_surely(self._buffer[self._end :])

    def _receive_surely(self, room: memoryview) -> int:
        """Receive more of what has begun to arrive, however long it takes."""
        while True:
            try:
                return self._receive(room)
            except BlockingIOError:
                self._poll.poll()

    def _receive(self, room: memoryview) -> int:
        got = self._socket.recv_into(room)
        if got == 0:
            msg = "the other side closed the connection"
            raise EOFError(msg)
        return got


Arrival: TypeAlias = tuple[PeerMessage, tuple[int, int, int]]


class StreamConnection:
    """A connection to a sending instance, which is made again when it is lost over a network.

    Args:
        peer: Name of the sending instance.
        peer_locations: Where it can be reached.
        receiver: Our own name.
        secret: The run's secret.

    Raises:
        TransportError: If the peer cannot be reached.
    """

    def __init__(
        self, peer: str, peer_locations: Sequence[str], *, receiver: str, secret: str
    ) -> None:
        self._peer = peer
        self._addresses = locations.addresses_in(peer_locations, locations.CONJOIN)
        self._receiver = receiver
        self._secret = secret
        self._received = 0
        self._acknowledged = 0
        self._bytes_to_acknowledge = 0
        self._is_closed = False
        self._open_patiently()

    def next_frame_begins(self, *, timeout: float | None) -> bool:
        """Wait until a frame begins to arrive; return False if none does for so many seconds."""
        return self.reader.wait_readable(timeout)

    def note_received(self, size: int) -> None:
        """Take note that a frame of some size is complete, and say so from time to time."""
        self._received += 1
        self._bytes_to_acknowledge += size
        is_many = self._received - self._acknowledged >= FRAMES_PER_ACKNOWLEDGEMENT
        if self._may_be_lost and (is_many or self._bytes_to_acknowledge >= LARGE):
            # a connection that is gone is noticed, and made again, at the next read
            with contextlib.suppress(OSError):
                self._acknowledge()

    def restore(self) -> bool:
        """Connect again after the connection was lost; return whether that was possible."""
        self._socket.close()
        if not self._may_be_lost or self._is_closed:
            return False
        try:
            self._open_patiently()
        except TransportError:
            return False
        return True

    def close(self) -> None:
        """Acknowledge, say goodbye, and close the connection. May be called more than once.

        After the goodbye the sender does not wait until the rest has been received.
        """
        if self._is_closed:
            return
        self._is_closed = True
        if self._may_be_lost:
            with contextlib.suppress(OSError):
                self._say_goodbye()
        self._socket.close()

    def _say_goodbye(self) -> None:
        self._socket.settimeout(GOODBYE_TIME)
        self._acknowledge()
        self._socket.sendall(word(stream.GOODBYE))
        self._socket.shutdown(socket.SHUT_WR)
        # To close a connection with unread data resets it, and the goodbye may be lost. The sender
        # closes its end when it has read it.
        end = time.monotonic() + GOODBYE_TIME
        while time.monotonic() < end and self._socket.recv(BUFFER_SIZE):
            pass

    def _acknowledge(self) -> None:
        self._socket.sendall(word(self._received))
        self._acknowledged = self._received
        self._bytes_to_acknowledge = 0

    def _open_patiently(self) -> None:
        end = time.monotonic() + RETRY_TIME
        pause = 0.0
        while True:
            try:
                self._open()
            except TransportError as error:
                if not error.transient or time.monotonic() + pause > end:
                    raise
                time.sleep(pause)  # nothing tells us when the network is back
                pause = pause * PAUSE_GROWTH if pause else FIRST_PAUSE
            else:
                return

    def _open(self) -> None:
        sock = network.connect(self._addresses)
        try:
            sock.settimeout(RETRY_TIME)
            greet(sock, self._secret, greeting.Purpose.STREAM)
            hello = stream.encode_hello(self._receiver, self._received)
            sock.sendall(word(len(hello)) + hello)
            sock.settimeout(None)
        except (OSError, EOFError) as error:
            sock.close()
            msg = f"cannot connect to peer '{self._peer}': {error}"
            raise TransportError(msg, transient=True) from error
        except RemoteProtocolError:
            sock.close()
            raise
        self._socket = sock
        self._may_be_lost = sock.family != socket.AF_UNIX
        self._acknowledged = self._received
        self.reader = FrameReader(sock)


class IncomingStream:
    """All that comes from one sending instance.

    Whichever thread waits for a message first reads, for the others too, until it has its own.

    Args:
        peer: Name of the sending instance.
        connection: The connection to it.
    """

    def __init__(self, peer: str, connection: StreamConnection) -> None:
        self._peer = peer
        self._connection = connection
        self._arrivals: dict[str, deque[Arrival]] = {}
        self._channels: dict[int, deque[Arrival]] = {}
        self._expected: dict[str, tuple[str, str]] = {}
        self._opened: dict[str, str] = {}
        self._changed = threading.Condition()
        self._is_being_read = False
        self._failure: CouplingError | None = None

    def arrivals(self, endpoint: str) -> deque[Arrival]:
        """Return the queue of what has come for an endpoint and has not been fetched."""
        return self._arrivals.setdefault(endpoint, deque())

    def expect(self, sender: str, receiver: str) -> deque[Arrival]:
        """Return the queue of an endpoint of ours, for what comes from one of the peer's.

        Raises:
            PortError: If one of them has a slot, and the other has none.
        """
        port = _without_slot(receiver)
        self._expected[port] = (sender, receiver)
        self._check_both_have_slots(port)
        return self.arrivals(receiver)

    def _check_both_have_slots(self, port: str) -> None:
        if port not in self._expected or port not in self._opened:
            return
        sender, receiver = self._expected[port]
        is_vector_here = receiver != port
        if is_vector_here != (self._opened[port] != port):
            sending = _without_slot(sender)
            vector, scalar = (port, sending) if is_vector_here else (sending, port)
            msg = (
                f"Ports '{sending}' and '{port}' are joined by a conduit, but only '{vector}' is"
                f" declared with '[]' in its model, and '{scalar}' is not. Put '[]' after the names"
                " of both where the Instance is made, or after neither."
            )
            raise PortError(msg)

    def receive(self, arrivals: deque[Arrival], timeout: float | None) -> Arrival | None:
        """Return the next message for an endpoint.

        Args:
            arrivals: The endpoint's queue.
            timeout: How many seconds to wait for it to begin to arrive; None for ever.

        Raises:
            PeerLost: If the connection is lost for good.
            RemoteProtocolError: If what comes makes no sense.
            PortError: If the peer sends to a slot of a scalar port, or to a vector port as a whole.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._changed:
                while not arrivals and self._is_being_read and self._failure is None:
                    if not self._changed.wait(None if end is None else end - time.monotonic()):
                        return None
                if arrivals:
                    return arrivals.popleft()
                if self._failure is not None:
                    raise self._failure
                self._is_being_read = True
            try:
                is_over = not self._read_one(end)
            finally:
                with self._changed:
                    self._is_being_read = False
                    self._changed.notify_all()
            if is_over:
                return None

    def close(self) -> None:
        """Close the connection. May be called more than once."""
        self._connection.close()

    def _read_one(self, end: float | None) -> bool:
        """Read one frame; return False if none began to arrive until the end of the time."""
        while True:
            left = None if end is None else max(0.0, end - time.monotonic())
            try:
                if not self._connection.next_frame_begins(timeout=left):
                    return False
                size = self._read_frame(self._connection.reader, time.time_ns())
                self._connection.note_received(size)
            except (RemoteProtocolError, PortError) as error:
                # where the next frame begins cannot be known any more
                self._failure = error
                raise
            except (OSError, EOFError, ValueError) as error:
                if not self._connection.restore():
                    self._failure = self._loss()
                    raise self._failure from error
            else:
                return True

    def _loss(self) -> PeerLost:
        return PeerLost(
            f"Error while receiving a message: connection with peer '{self._peer}' was lost."
            " Did the peer crash?"
        )

    def _read_frame(self, reader: FrameReader, began: int) -> int:
        """Read a frame into the queue of its channel; return its size."""
        fixed = stream.decode_fixed(reader.read(stream.FIXED.size))
        lengths: list[int] = []
        if fixed.buffer_count:
            lengths = stream.decode_buffer_lengths(fixed, reader.read(fixed.index_length))
        head = reader.read(fixed.head_length)
        if lengths:
            head = memoryview(bytes(head))  # what follows may be read over it
        buffers = [reader.read_in_place(length) for length in lengths]
        transferred = time.time_ns()
        if fixed.channel == stream.OPEN_CHANNEL:
            channel, endpoint = stream.decode_open_channel(head)
            self._channels[channel] = self.arrivals(endpoint)
            port = _without_slot(endpoint)
            self._opened[port] = endpoint
            self._check_both_have_slots(port)
            return fixed.total
        message = stream.decode_message(head, buffers)
        message.size = stream.FIXED.size + fixed.total
        arrivals = self._channels.get(fixed.channel)
        if arrivals is None:
            msg = f"peer '{self._peer}' sent a message on a channel that it has not opened"
            raise RemoteProtocolError(msg)
        arrivals.append((message, (began, transferred, time.time_ns())))
        return fixed.total


def _without_slot(endpoint: str) -> str:
    return SLOT.sub("", endpoint)


@final
class StreamInlet(Inlet):
    """Receives the messages for one of our endpoints."""

    def __init__(self, incoming: IncomingStream, *, sender: str, receiver: str) -> None:
        self._stream = incoming
        self._arrivals = incoming.expect(sender, receiver)
        self._marks = (0, 0, 0)

    @property
    def marks(self) -> tuple[int, int, int]:
        return self._marks

    def receive(self, *, timeout: float | None) -> PeerMessage | None:
        arrival = self._stream.receive(self._arrivals, timeout)
        if arrival is None:
            return None
        message, self._marks = arrival
        return message
