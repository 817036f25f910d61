"""The sending side of a stream, without the socket; see `stream` for the protocol."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, TypeAlias

from adapters.wire import stream
from adapters.wire.frames import Parser, ParserFeed, read_integer
from domain.errors import LocalProtocolError

RETURN_TIME: Final = 60.0

Pieces: TypeAlias = list[bytes | memoryview]

_NOTHING: Final[deque[memoryview]] = deque()


class StreamSender:
    """The frames for one receiving instance: those to write now, and those to keep.

    The driver owns the socket, the clock and a lock: it calls one method at a time.

    - It calls `connected` when the receiver connects, and `connection_lost` when that connection
      fails. A resumable connection can be replaced by another, which continues where it ended.
    - It passes each frame to `add`. It may write the returned pieces immediately, without the lock,
      and then passes the rest to `end_direct_write`.
    - While `may_write`, it writes from the front of `outgoing`, removes the written bytes, and
      passes their number to `written`.
    - It passes received bytes to `received`.
    - It calls `tick` when `next_deadline` passes.

    Args:
        return_time: Seconds to wait for a receiver to reconnect.

    Attributes:
        outgoing: Buffers to write on the current connection, in this order.
        is_lost: Whether the receiver is permanently gone, so that no frames are kept for it.
        queued: How many bytes are kept here that the receiver has not received.
        taken: How many bytes the receiver has taken so far, or were written for it.
    """

    def __init__(self, *, return_time: float = RETURN_TIME) -> None:
        self._return_time = return_time
        self._deadline: float | None = None
        self._kept: deque[list[memoryview]] = deque()
        self._acknowledged = 0
        self._channels = 0
        self._is_connected = False
        self._was_connected = False
        self._is_resumable = True
        self._direct: deque[memoryview] | None = None
        self._feed = ParserFeed(self._parse())
        self.outgoing: deque[memoryview] = deque()
        self.is_lost = False
        self.queued = 0
        self.taken = 0

    @property
    def accepts_connection(self) -> bool:
        """Whether the receiver may connect now. Only resumable connections can be replaced."""
        return self._is_resumable and not self.is_lost

    @property
    def may_write(self) -> bool:
        """Whether the driver may write from `outgoing`."""
        return self._is_connected and self._direct is None

    @property
    def is_idle(self) -> bool:
        """Whether a frame may be written without passing it to `add`, as no other precedes it.

        If the driver cannot write all of the frame, it must pass the rest to `add`.
        """
        return (
            not self._is_resumable
            and self._is_connected
            and self._direct is None
            and not self.outgoing
        )

    @property
    def is_all_received(self) -> bool:
        """Whether the receiver is gone or has received everything, as far as is known."""
        return self.is_lost or not (self.outgoing or self._kept or self._direct)

    @property
    def awaits_first_connection(self) -> bool:
        """Whether frames are kept for a receiver that has not connected yet."""
        return bool(self._kept) and not (self._was_connected or self.is_lost)

    def next_deadline(self) -> float | None:
        """Return when to stop waiting for the receiver to reconnect; None if not waiting."""
        return self._deadline

    def open_channel(self, receiver: str) -> tuple[int, bytes]:
        """Assign a channel to a receiving endpoint; return its number, and the frame to add."""
        number = self._channels
        self._channels += 1
        return number, stream.open_channel(number, receiver)

    def add(self, pieces: Pieces) -> deque[memoryview]:
        """Add the pieces of a frame, all but the first of which may be changed after sending.

        Returns:
            The pieces that the caller may write immediately. If there are any, nothing else is
            written until the caller passes those that it has not written to `end_direct_write`. If
            there are none, the frame was queued behind others, is kept until the receiver connects,
            or was dropped because the receiver is lost.
        """
        if self.is_lost:
            return _NOTHING
        if self._is_resumable:
            frame = deque(_own_copies(pieces))
            self._kept.append(list(frame))
            self.queued += _total(frame)
        else:
            frame = deque(memoryview(piece) for piece in pieces)
        if not self._is_connected:
            return _NOTHING
        if self.outgoing or self._direct is not None:
            if not self._is_resumable:
                frame = deque(_own_copies(frame))
                self.queued += _total(frame)
            self.outgoing.extend(frame)
            return _NOTHING
        self._direct = frame
        return frame

    def end_direct_write(self, left: deque[memoryview]) -> None:
        """Queue the rest of a frame that `add` returned, in front of all others."""
        if self._direct is not left:
            return  # the connection has been replaced or lost meanwhile
        self._direct = None
        own: Iterable[memoryview] = left
        if not self._is_resumable:
            own = _own_copies(left)
            self.queued += _total(own)
        self.outgoing.extendleft(reversed(list(own)))

    def written(self, count: int) -> None:
        """Note that so many bytes from the front of `outgoing` were written, and removed there."""
        self.taken += count
        if not self._is_resumable:
            self.queued -= count

    def connected(self, *, received: int, is_resumable: bool) -> None:
        """Begin to use a connection, or continue on a new one.

        Args:
            received: Number of frames that the receiver has received.
            is_resumable: Whether the connection can be lost while both sides continue to run. If
                not, frames are not kept until they are acknowledged.

        Raises:
            LocalProtocolError: If the receiver may not connect now.
        """
        if not self.accepts_connection:
            msg = "a receiver was connected to a stream that does not accept connections"
            raise LocalProtocolError(msg)
        self._forget_received(received)
        self.outgoing = deque(piece for frame in self._kept for piece in frame)
        self._is_resumable = is_resumable
        if not is_resumable:
            self._kept.clear()
        self._is_connected = True
        self._was_connected = True
        self._direct = None
        self._deadline = None
        self._feed = ParserFeed(self._parse())

    def connection_lost(self, *, now: float) -> None:
        """Start waiting for the receiver to reconnect, if it can.

        Args:
            now: Current time in seconds, by the clock of `next_deadline`.
        """
        if self.is_lost or not self._is_resumable:
            self.lose()
            return
        self._disconnect()
        self._deadline = now + self._return_time

    def tick(self, now: float) -> None:
        """Give up on the receiver if it has not reconnected in time."""
        if self._deadline is not None and now >= self._deadline:
            self.lose()

    def lose(self) -> None:
        """Give up on the receiver, and drop all frames."""
        self.is_lost = True
        self._kept.clear()
        self.queued = 0
        self._disconnect()

    def received(self, data: bytes) -> None:
        """Parse acknowledgements.

        Raises:
            RemoteProtocolError: If they violate the protocol.
        """
        self._feed.feed(data)

    def _parse(self) -> Parser[None]:
        while (received := (yield from read_integer())) != stream.GOODBYE:
            self._forget_received(received)
        self.lose()
        while True:
            yield from read_integer()

    def _forget_received(self, received: int) -> None:
        while self._kept and self._acknowledged < received:
            size = _total(self._kept.popleft())
            self.queued -= size
            self.taken += size
            self._acknowledged += 1

    def _disconnect(self) -> None:
        self._is_connected = False
        self._direct = None
        self._deadline = None
        self.outgoing = deque()


def _own_copies(pieces: Iterable[bytes | memoryview]) -> list[memoryview]:
    """Return copies of the pieces, which nothing else can change."""
    return [memoryview(piece if isinstance(piece, bytes) else bytes(piece)) for piece in pieces]


def _total(pieces: Iterable[memoryview]) -> int:
    return sum(map(len, pieces))
