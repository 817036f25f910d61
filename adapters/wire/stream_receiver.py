"""The receiving side of a stream, without the socket; see `stream` for the protocol."""

from __future__ import annotations

import re
from collections import deque
from typing import Final, TypeAlias

from adapters.wire import greeting, stream
from adapters.wire.frames import Parser, Piece, word
from adapters.wire.reconnection import DEFAULT_RETRIES, ConnectionState, Reconnection, RetryPolicy
from domain.coupling.messages import PeerMessage
from domain.errors import PortError, RemoteProtocolError
from domain.running.clients import instance_identity

FRAMES_PER_ACKNOWLEDGEMENT: Final = 64
BYTES_PER_ACKNOWLEDGEMENT: Final = 2**20
_SLOT: Final = re.compile(r"\[\d+\]$")

Marks: TypeAlias = tuple[int, int, int]
Arrivals: TypeAlias = deque[tuple[PeerMessage, Marks]]


class StreamReceiver:
    """The stream from one sending instance: bytes in, messages and acknowledgements out.

    The driver owns the sockets and the clock:

    - It connects when the state is DISCONNECTED and `next_deadline` has passed, and calls
      `connected`.
    - It receives exactly `wanted` bytes at a time, and passes them to `received`. If `in_place`, it
      must not change them afterwards, since the message refers to them; otherwise it may reuse
      their memory immediately.
    - When `received` returns True, it calls `take_frame`.
    - After each call of another method, it sends the bytes that `data_to_send` returns.
    - It calls `connection_lost` when it cannot connect, when a connection has failed, and when
      `next_deadline` passes while the state is OPENING.

    Args:
        sender: Name of the sending instance.
        receiver: Name of our own instance.
        secret: The run's secret.
        retries: How often and for how long to reconnect.

    Attributes:
        wanted: Number of bytes that must be received to continue.
        in_place: Whether these bytes become a part of the message.
        outgoing: Bytes to send.
        frames: Number of frames received.
    """

    def __init__(
        self,
        *,
        sender: str,
        receiver: str,
        secret: str,
        retries: RetryPolicy = DEFAULT_RETRIES,
    ) -> None:
        self._sender = sender
        self._receiver = receiver
        self._secret = secret
        self._connection = Reconnection(retries)
        self._is_resumable = False
        self._frames_before = 0
        self._acknowledged = 0
        self._unacknowledged_bytes = 0
        self._parser: Parser[None] | None = None
        self._fixed: stream.FixedPart | None = None
        self._head: Piece = b""
        self._buffers: list[memoryview] = []
        self._arrivals: dict[str, Arrivals] = {}
        self._channels: dict[int, Arrivals] = {}
        self._expected: dict[str, tuple[str, str]] = {}
        self._opened: dict[str, str] = {}
        self.wanted = 0
        self.in_place = False
        self.outgoing: list[bytes] = []
        self.frames = 0

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._connection.state

    def next_deadline(self) -> float | None:
        """Return when to connect, or when to stop waiting for the stream to open.

        None means immediately, or no limit.
        """
        return self._connection.deadline

    def data_to_send(self) -> bytes:
        """Remove and return the bytes to send now."""
        data = b"".join(self.outgoing)
        self.outgoing.clear()
        return data

    def arrivals(self, endpoint: str) -> Arrivals:
        """Return the queue of messages that have arrived for an endpoint of ours."""
        return self._arrivals.setdefault(endpoint, deque())

    def expect(self, sender: str, receiver: str) -> Arrivals:
        """Return the queue for messages from one of the peer's endpoints to one of ours.

        Raises:
            PortError: If only one of them has a slot.
        """
        port = _without_slot(receiver)
        self._expected[port] = (sender, receiver)
        self._check_both_have_slots(port)
        return self.arrivals(receiver)

    def connected(self, *, now: float, nonce: bytes, is_resumable: bool) -> None:
        """Begin the stream on a new connection, or continue it there.

        Args:
            now: Current time in seconds, by the clock of `next_deadline`.
            nonce: 32 random bytes.
            is_resumable: Whether the connection can be lost while both sides continue to run.

        Raises:
            LocalProtocolError: If there is a connection already, or the stream is over.
        """
        self._connection.connected(now)
        self._is_resumable = is_resumable
        self._frames_before = self._acknowledged = self.frames
        self._unacknowledged_bytes = 0
        self._parser = self._parse(nonce)
        self.wanted = next(self._parser)

    def connection_lost(self, *, now: float, may_retry: bool = True) -> None:
        """Schedule a retry, or give up if retries cannot help or have failed for too long.

        Args:
            now: Current time in seconds.
            may_retry: Whether a retry may help.
        """
        if self.state is ConnectionState.OPEN:
            may_retry = may_retry and self._is_resumable
            if self.frames > self._frames_before:
                self._connection.restart()
        self._parser = None
        self._forget_frame()
        self.outgoing.clear()
        self._connection.lost(now, may_retry=may_retry)

    def end(self) -> None:
        """End the stream, with a last acknowledgement and a goodbye if there is a connection.

        After the goodbye, the sender does not wait until the remaining frames have been received.
        """
        if self.state is ConnectionState.OPEN and self._is_resumable:
            self._acknowledge()
            self.outgoing.append(word(stream.GOODBYE))
        self._connection.end()

    def received(self, piece: Piece) -> bool:
        """Parse the wanted bytes; return whether they complete a frame.

        Raises:
            RemoteProtocolError: If they violate the protocol.
        """
        assert self._parser is not None
        self.wanted = self._parser.send(piece)
        return self._fixed is not None

    def take_frame(self) -> tuple[Arrivals, PeerMessage] | None:
        """Decode the frame that is complete.

        Returns:
            A message, and the queue to which it belongs; None if the frame opened a channel.

        Raises:
            RemoteProtocolError: If it violates the protocol.
            PortError: If the peer sends to a slot of a scalar port, or to a vector port as a whole.
        """
        fixed, head, buffers = self._fixed, self._head, self._buffers
        assert fixed is not None
        self._forget_frame()
        if fixed.channel == stream.OPEN_CHANNEL:
            arrival = None
            self._open_channel(head)
        else:
            message = stream.decode_message(head, buffers)
            message.size = stream.FIXED.size + fixed.total
            queue = self._channels.get(fixed.channel)
            if queue is None:
                msg = f"peer '{self._sender}' sent a message on a channel that it has not opened"
                raise RemoteProtocolError(msg)
            arrival = queue, message
        self._count(fixed.total)
        return arrival

    def _parse(self, nonce: bytes) -> Parser[None]:
        introduction = greeting.Introduction(
            instance_identity(self._receiver),
            instance_identity(self._sender),
            greeting.Purpose.STREAM,
        )
        yield from greeting.greet_as_client(
            self._secret, introduction, nonce=nonce, send=self.outgoing.append
        )
        hello = stream.encode_hello(self._receiver, self.frames)
        self.outgoing.append(word(len(hello)) + hello)
        self._connection.opened()
        while True:
            # Store the parts of a frame in attributes: local variables would keep the memory of a
            # message in use until the next message has arrived.
            fixed = stream.decode_fixed((yield stream.FIXED.size))
            lengths: list[int] = []
            if fixed.buffer_count:
                lengths = stream.decode_buffer_lengths(fixed, (yield fixed.index_length))
            self._head = yield fixed.head_length
            if lengths:
                self._head = bytes(self._head)  # copy: its memory is about to be reused
                self.in_place = True
                for length in lengths:
                    self._buffers.append(memoryview((yield length)))
                self.in_place = False
            self._fixed = fixed

    def _forget_frame(self) -> None:
        self._fixed = None
        self._head = b""
        self._buffers = []
        self.in_place = False

    def _open_channel(self, head: Piece) -> None:
        channel, endpoint = stream.decode_open_channel(head)
        self._channels[channel] = self.arrivals(endpoint)
        port = _without_slot(endpoint)
        self._opened[port] = endpoint
        self._check_both_have_slots(port)

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
                " of both where the Instance is created, or after neither."
            )
            raise PortError(msg)

    def _count(self, size: int) -> None:
        self.frames += 1
        if not self._is_resumable:
            return
        self._unacknowledged_bytes += size
        is_many = self.frames - self._acknowledged >= FRAMES_PER_ACKNOWLEDGEMENT
        if is_many or self._unacknowledged_bytes >= BYTES_PER_ACKNOWLEDGEMENT:
            self._acknowledge()

    def _acknowledge(self) -> None:
        self.outgoing.append(word(self.frames))
        self._acknowledged = self.frames
        self._unacknowledged_bytes = 0


def _without_slot(endpoint: str) -> str:
    return _SLOT.sub("", endpoint)
