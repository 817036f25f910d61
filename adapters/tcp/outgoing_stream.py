"""Sending to one of our own instances: the model's thread writes by itself."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from typing import Final, TypeAlias, final

from adapters.tcp.event_loop import READABLE, WRITABLE, EventLoop, ScheduledCall
from adapters.tcp.network import send_some
from adapters.wire import stream
from adapters.wire.frames import WORD, WORD_SIZE
from application.interfaces.peer_transport import Outlet
from domain.messages import PeerMessage

LARGE: Final = 2**20
PATIENCE: Final = 0.002
MOST_PATIENCE: Final = 0.2
COPIED_PER_SECOND: Final = 1e9
RETURN_TIME: Final = 60.0

Pieces: TypeAlias = list[bytes | memoryview]


class OutgoingStream:
    """All that goes to one receiving instance.

    The thread that sends writes as much as the connection takes at once. What it does not take is
    copied, and written by the loop's thread as the receiver gets round to it. Once something is
    queued, everything after it is too, so that nothing is overtaken.

    Args:
        loop: On whose thread the queue is written out.
    """

    def __init__(self, loop: EventLoop) -> None:
        self._loop = loop
        self._socket: socket.socket | None = None
        self._poll = select.poll()
        self._queue: deque[memoryview] = deque()
        self._kept: deque[list[memoryview]] = deque()
        self._keeps = True
        self._acknowledged = 0
        self._incoming = b""
        self._channels = 0
        self._is_lost = False
        self._was_attached = False
        self._patience: ScheduledCall | None = None
        self._changed = threading.Condition()

    def open_channel(self, receiver: str) -> int:
        """Give a number to a receiving endpoint, and let the receiver know."""
        channel = self._channels
        self._channels += 1
        self.send([stream.open_channel(channel, receiver)])
        return channel

    def attach(self, sock: socket.socket, received: int) -> None:
        """Begin to use the receiver's connection, or go on with a new one. On the loop's thread.

        Args:
            sock: The connection.
            received: How many frames the receiver has already.
        """
        with self._changed:
            if self._is_lost or not self._keeps:
                sock.close()  # a receiver on this machine connects once
                return
            self._was_attached = True
            self._detach()
            self._forget_received(received)
            self._queue = deque(piece for frame in self._kept for piece in frame)
            self._keeps = sock.family != socket.AF_UNIX
            if not self._keeps:
                self._kept.clear()
            self._socket = sock
            self._incoming = b""
            self._poll = select.poll()
            self._poll.register(sock, select.POLLOUT)
        self._loop.watch(sock, self._proceed, events=READABLE | WRITABLE)

    def send(self, pieces: Pieces) -> None:
        """Send the pieces of a frame; all but the first may be changed after this returns."""
        with self._changed:
            if self._is_lost or self._is_sent_at_once(pieces):
                return
            left = deque(memoryview(piece) for piece in pieces)
            if self._keeps:
                left = deque(_own_copies(pieces))
                self._kept.append(list(left))
            if self._socket is None:
                return
            if self._queue:
                self._queue.extend(left if self._keeps else _own_copies(left))
                return
            self._write(left)
            if not left or self._socket is None:
                return
            self._queue.extend(left if self._keeps else _own_copies(left))
        self._loop.call_soon(self._proceed)

    def wait_until_sent(self, *, timeout: float | None) -> bool:
        """Wait until the receiver has got everything, or is gone; return whether it is so."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._is_lost or not (self._queue or self._kept), timeout=timeout
            )

    @property
    def awaits_first_connection(self) -> bool:
        """Whether something waits for a receiver that has not connected yet."""
        with self._changed:
            return bool(self._kept) and not (self._was_attached or self._is_lost)

    def close(self) -> None:
        """Close the connection."""
        with self._changed:
            self._lose()

    def _is_sent_at_once(self, pieces: Pieces) -> bool:
        """Send a frame of one piece without more ado; return whether all of it is gone."""
        sock = self._socket
        if sock is None or self._keeps or self._queue or len(pieces) > 1:
            return False
        try:
            sent = sock.send(pieces[0])
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            self._end_connection()
            return True
        pieces[0] = pieces[0][sent:]
        return not pieces[0]

    def _write(self, left: deque[memoryview]) -> None:
        """Write as long as the receiver takes it: that is cheaper than to copy what remains.

        Much may be waited for longer than little: about as long as it would take to copy it.
        """
        assert self._socket is not None
        size = sum(map(len, left))
        patience = PATIENCE
        if not self._keeps:
            patience = min(max(PATIENCE, size / COPIED_PER_SECOND), MOST_PATIENCE)
        try:
            while patience > 0:
                size -= send_some(self._socket, left)
                if not left or size < LARGE:
                    return
                began = time.monotonic()
                self._poll.poll(1000 * patience)
                patience -= time.monotonic() - began
        except OSError:
            self._end_connection()

    def _proceed(self) -> None:
        """Write from the queue, and hear what the receiver says. On the loop's thread."""
        with self._changed:
            sock = self._socket
            if sock is None:
                return
            try:
                if not self._hear(sock):
                    self._end_connection()
                    return
                if self._is_lost:
                    return
                send_some(sock, self._queue)
            except OSError:
                self._end_connection()
                return
            if not self._queue:
                self._changed.notify_all()
            self._loop.watch(
                sock, self._proceed, events=READABLE | WRITABLE if self._queue else READABLE
            )

    def _hear(self, sock: socket.socket) -> bool:
        """Take in acknowledgements; return whether the connection is still there."""
        try:
            data = sock.recv(4096)
        except (BlockingIOError, InterruptedError):
            return True
        if not data:
            return False
        self._incoming += data
        whole = len(self._incoming) - len(self._incoming) % WORD_SIZE
        if whole:
            last = WORD.unpack_from(self._incoming, whole - WORD_SIZE)[0]
            self._incoming = self._incoming[whole:]
            if last == stream.GOODBYE:
                self._lose()
            else:
                self._forget_received(last)
        return True

    def _forget_received(self, received: int) -> None:
        while self._kept and self._acknowledged < received:
            self._kept.popleft()
            self._acknowledged += 1
        self._changed.notify_all()

    def _end_connection(self) -> None:
        """Wait for the receiver to come back, if it can."""
        if not self._keeps:
            self._lose()
            return
        self._detach()
        self._loop.call_soon(self._wait_for_return)

    def _wait_for_return(self) -> None:
        with self._changed:
            if self._socket is None and not self._is_lost and self._patience is None:
                self._patience = self._loop.call_later(RETURN_TIME, self.close)

    def _detach(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._queue.clear()
        if self._socket is not None:
            sock, self._socket = self._socket, None
            self._loop.close_soon(sock)

    def _lose(self) -> None:
        self._is_lost = True
        self._kept.clear()
        self._detach()
        self._changed.notify_all()


def _own_copies(pieces: Pieces | deque[memoryview]) -> list[memoryview]:
    """Return the same bytes where nobody else can change them."""
    return [memoryview(piece if isinstance(piece, bytes) else bytes(piece)) for piece in pieces]


@final
class StreamOutlet(Outlet):
    """Sends messages to one endpoint of one of our own instances."""

    def __init__(self, outgoing: OutgoingStream, *, receiver: str) -> None:
        self._stream = outgoing
        self._channel = outgoing.open_channel(receiver)

    def send(self, message: PeerMessage) -> int:
        pieces = stream.encode_message(self._channel, message)
        size = sum(map(len, pieces))
        self._stream.send(pieces)
        return size
