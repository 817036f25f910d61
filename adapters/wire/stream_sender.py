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
    """All frames for one receiving instance: what to write now, and what to keep for later.

    The driver owns the socket, the clock and a lock: it calls one method at a time.

    - It calls `connected` when the receiver connects, and `connection_lost` when that connection
      fails. A resumable connection can be replaced by another, which continues where it ended.
    - It passes each frame to `add`. What that returns may be written at once, without the lock; the
      rest is then passed to `end_direct_write`.
    - It writes from the front of `outgoing` while `may_write`, removes what it has written, and
      passes the number of bytes to `written`.
    - It passes received bytes to `received`.
    - It calls `tick` when `next_deadline` passes.

    Args:
        return_time: Seconds for which to wait for a receiver to connect again.

    Attributes:
        outgoing: Buffers to write on the current connection, in this order.
        is_lost: Whether the receiver is gone for good. Nothing is kept for it then.
        queued: How many bytes the receiver has not taken yet, as far as they are kept here.
        taken: How many bytes it has taken so far, or that were written for it.
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
        """Whether the receiver may connect now: a connection that cannot be resumed is the last."""
        return self._is_resumable and not self.is_lost

    @property
    def may_write(self) -> bool:
        """Whether the driver may write from `outgoing`."""
        return self._is_connected and self._direct is None

    @property
    def is_idle(self) -> bool:
        """Whether a frame may be written without passing it to `add`: nothing precedes it.

        It must be written completely, or else the rest be passed to `add`.
        """
        return (
            not self._is_resumable
            and self._is_connected
            and self._direct is None
            and not self.outgoing
        )

    @property
    def is_all_received(self) -> bool:
        """Whether the receiver has got everything, as far as can be determined, or is gone."""
        return self.is_lost or not (self.outgoing or self._kept or self._direct)

    @property
    def awaits_first_connection(self) -> bool:
        """Whether frames are kept for a receiver that has not connected yet."""
        return bool(self._kept) and not (self._was_connected or self.is_lost)

    def next_deadline(self) -> float | None:
        """Return when to stop waiting for the receiver to connect again, if it is waited for."""
        return self._deadline

    def open_channel(self, receiver: str) -> tuple[int, bytes]:
        """Assign a channel to a receiving endpoint; return its number, and the frame to add."""
        number = self._channels
        self._channels += 1
        return number, stream.open_channel(number, receiver)

    def add(self, pieces: Pieces) -> deque[memoryview]:
        """Add the pieces of a frame, all but the first of which may be changed after sending.

        Returns:
            What the caller may write at once. If it is not empty, nothing else is written until
            the caller passes it to `end_direct_write`, without what was written. If it is empty,
            the frame was queued behind others, is kept until the receiver connects, or is dropped
            because the receiver is lost.
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
        """Queue what was left of a frame that `add` returned, in front of all others."""
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
            received: How many frames the receiver has got.
            is_resumable: Whether the connection may be lost while both sides live on. If not,
                frames are not kept until they are acknowledged.

        Raises:
            LocalProtocolError: If the receiver may not connect now.
        """
        if not self.accepts_connection:
            msg = "a receiver was connected to a stream that it cannot use"
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
        """Wait for the receiver to connect again, if it can.

        Args:
            now: Current time in seconds, by the clock of `next_deadline`.
        """
        if self.is_lost or not self._is_resumable:
            self.lose()
            return
        self._disconnect()
        self._deadline = now + self._return_time

    def tick(self, now: float) -> None:
        """Give the receiver up if it has not connected again in time."""
        if self._deadline is not None and now >= self._deadline:
            self.lose()

    def lose(self) -> None:
        """Give the receiver up, and drop all frames."""
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
    """Return the same bytes in memory that nothing else can change."""
    return [memoryview(piece if isinstance(piece, bytes) else bytes(piece)) for piece in pieces]


def _total(pieces: Iterable[memoryview]) -> int:
    return sum(map(len, pieces))
