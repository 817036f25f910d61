"""The connection on which a process sends frames to another one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Final

from adapters.unix_sockets.framing import greeting, join_frames

FIRST_PAUSE: Final = 0.005
LONGEST_PAUSE: Final = 0.1
"""Seconds between attempts to connect to a process that does not receive yet."""


class Outgoing:
    """Connects when the receiver is ready, and sends what is queued. Never blocks.

    Args:
        path: The receiver's socket.
        uid: The uid of this process.
    """

    def __init__(self, path: str, uid: str) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pending = bytearray(join_frames([greeting(uid)]))
        self._is_closed = False
        self._connect(FIRST_PAUSE)

    def send(self, data: bytes) -> None:
        """Send bytes, after those that are queued."""
        if self._is_closed:
            return
        if self._socket is None or self._pending:
            self._pending += data
            return
        sent = self._try(self._socket, data)
        if sent < len(data) and not self._is_closed:
            self._pending += memoryview(data)[sent:]
            self._loop.add_writer(self._socket, self._write)

    def close(self, *, linger: float = 0.0) -> None:
        """Close the connection. Idempotent.

        Args:
            linger: Seconds to send what is queued.
        """
        if self._timer is not None:
            self._timer.cancel()
        sock, self._socket = self._socket, None
        self._is_closed = True
        if sock is not None:
            self._loop.remove_writer(sock)
            if self._pending and linger:
                sock.settimeout(linger)
                with contextlib.suppress(OSError):
                    sock.sendall(self._pending)
            sock.close()
        self._pending.clear()

    def _connect(self, pause: float) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            sock.connect(self._path)
        except OSError:
            # it does not exist yet, or too many others are connecting
            sock.close()
            longer = min(2 * pause, LONGEST_PAUSE)
            self._timer = self._loop.call_later(pause, self._connect, longer)
            return
        self._timer = None
        self._socket = sock
        self._write()

    def _write(self) -> None:
        assert self._socket is not None
        del self._pending[: self._try(self._socket, self._pending)]
        if self._is_closed:
            return
        if self._pending:
            self._loop.add_writer(self._socket, self._write)
        else:
            self._loop.remove_writer(self._socket)

    def _try(self, sock: socket.socket, data: bytes | bytearray) -> int:
        """Send what does not block, and return its length."""
        try:
            return sock.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            # the receiver is gone; the engine will notice that otherwise
            self.close()
            return 0
