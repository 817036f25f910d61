"""Sending to one of our own instances: the model's thread writes by itself."""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from typing import Final, final

from adapters.tcp.server import Server, send_some
from adapters.wire import stream
from application.interfaces.peer_transport import Outlet
from domain.messages import PeerMessage

LARGE: Final = 2**20
PATIENCE_MS: Final = 2


class OutgoingStream:
    """All that goes to one receiving instance.

    The thread that sends writes as much as the connection takes at once. What it does not take is
    copied, and written by the server's thread as the receiver gets round to it. Once something is
    queued, everything after it is too, so that nothing is overtaken.

    Args:
        server: On whose thread the queue is written out.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._socket: socket.socket | None = None
        self._poll = select.poll()
        self._queue: deque[memoryview] = deque()
        self._channels = 0
        self._is_lost = False
        self._changed = threading.Condition()

    def open_channel(self, receiver: str) -> int:
        """Give a number to a receiving endpoint, and let the receiver know."""
        channel = self._channels
        self._channels += 1
        self.send([stream.open_channel(channel, receiver)])
        return channel

    def attach(self, sock: socket.socket) -> None:
        """Begin to use the receiver's connection. On the server's thread."""
        with self._changed:
            if self._socket is not None:
                # only one of them can be the receiver; it connects once
                sock.close()
                return
            self._socket = sock
            self._poll.register(sock, select.POLLOUT)
        self._server.watch(sock, self._proceed, writable=True)

    def send(self, pieces: list[bytes | memoryview]) -> None:
        """Send the pieces of a frame; all but the first may be changed after this returns."""
        with self._changed:
            if self._is_lost:
                return
            if self._socket is None or self._queue:
                self._queue.extend(_own_copies(pieces))
                return
            left = deque(memoryview(piece) for piece in pieces)
            self._write(left)
            if not left or self._is_lost:
                return
            self._queue.extend(_own_copies(left))
        self._server.call_soon(self._proceed)

    def wait_until_sent(self, *, timeout: float | None) -> bool:
        """Wait until the receiver has been sent everything, or is gone; return whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_lost or not self._queue, timeout=timeout)

    def close(self) -> None:
        """Close the connection. On the server's thread, or when that has ended."""
        with self._changed:
            self._lose()

    def _write(self, left: deque[memoryview]) -> None:
        """Write as long as the receiver takes it: that is cheaper than to copy what remains."""
        assert self._socket is not None
        size = sum(map(len, left))
        try:
            while True:
                sent = send_some(self._socket, left)
                size -= sent
                if not left or size < LARGE or not self._poll.poll(PATIENCE_MS):
                    return
        except OSError:
            self._lose()

    def _proceed(self) -> None:
        """Write from the queue, and notice when the receiver is gone. On the server's thread."""
        with self._changed:
            sock = self._socket
            if sock is None or self._is_lost:
                return
            try:
                if _is_at_end(sock):
                    self._lose()
                    return
                send_some(sock, self._queue)
            except OSError:
                self._lose()
                return
            is_done = not self._queue
            if is_done:
                self._changed.notify_all()
            self._server.watch(sock, self._proceed, writable=not is_done)

    def _lose(self) -> None:
        self._is_lost = True
        self._queue.clear()
        self._changed.notify_all()
        if self._socket is not None:
            sock = self._socket
            self._socket = None
            self._server.close_soon(sock)


def _is_at_end(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except (BlockingIOError, InterruptedError):
        return False


def _own_copies(pieces: list[bytes | memoryview] | deque[memoryview]) -> list[memoryview]:
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
        self._stream.send(pieces)
        return sum(map(len, pieces))
