"""Reads frames from a blocking connection."""

from __future__ import annotations

import math
import socket
import struct
from typing import Final

from adapters.io.connections import Connection, poller
from adapters.io.memory import SameSizeMemory

BUFFER_SIZE: Final = 65536
TIMEVAL: Final = struct.Struct("ll")

TIMEOUT_STEPS_PER_SECOND: Final = 100
"""A socket's receive timeout is rounded up to one of these steps."""

TIMEOUT_TOLERANCE: Final = 0.02
"""Maximum number of seconds by which a socket's receive timeout may be too long."""


class FrameReader:
    """Reads parts of frames: small ones through a buffer, large ones directly in place.

    Args:
        sock: The connection; blocking.
    """

    def __init__(self, sock: Connection) -> None:
        self._socket = sock
        self._poll = poller(sock)
        self._receive_timeout: float | None = None
        self._memory = SameSizeMemory()
        self._buffer = memoryview(bytearray(BUFFER_SIZE))
        self._start = 0
        self._end = 0

    def wait_readable(self, timeout: float | None) -> bool:
        """Wait until there is something to read; return False if nothing arrives in time.

        Args:
            timeout: Seconds to wait; None waits without limit. The wait may exceed this by up to
                `TIMEOUT_TOLERANCE`.

        Raises:
            OSError: If the connection fails.
            EOFError: If it is closed.
        """
        if self._end > self._start:
            return True
        if timeout is not None and timeout < TIMEOUT_TOLERANCE:
            return bool(self._poll.poll(timeout * 1000))
        # With a receive timeout, one system call waits and reads; poll() would need another.
        if not self._fits_receive_timeout(timeout):
            self._set_receive_timeout(timeout)
        self._start = self._end = 0
        try:
            self._end = self._receive(self._buffer)
        except BlockingIOError:
            return False
        return True

    def _fits_receive_timeout(self, timeout: float | None) -> bool:
        """Return whether the socket's receive timeout can stay, which saves a system call.

        An exact match is rare, because callers pass the time left until a deadline.
        """
        current = self._receive_timeout
        if current is None or timeout is None:
            return current is timeout
        return timeout <= current < timeout + TIMEOUT_TOLERANCE

    def _set_receive_timeout(self, timeout: float | None) -> None:
        steps = math.ceil((timeout or 0) * TIMEOUT_STEPS_PER_SECOND)
        seconds, rest = divmod(steps, TIMEOUT_STEPS_PER_SECOND)
        value = TIMEVAL.pack(seconds, rest * 1_000_000 // TIMEOUT_STEPS_PER_SECOND)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
        self._receive_timeout = None if timeout is None else steps / TIMEOUT_STEPS_PER_SECOND

    def read(self, count: int) -> memoryview:
        """Return the next bytes. They are valid only until the next call.

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
        """Return the next bytes in a new buffer.

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
            received += self._receive_blocking(result[received:])
        return result

    def _fill(self, count: int) -> None:
        if self._start + count > BUFFER_SIZE or self._start == self._end:
            left = bytes(self._buffer[self._start : self._end])
            self._buffer[: len(left)] = left
            self._start, self._end = 0, len(left)
        while self._end - self._start < count:
            self._end += self._receive_blocking(self._buffer[self._end :])

    def _receive_blocking(self, room: memoryview) -> int:
        """Receive more of a part that has begun to arrive; wait indefinitely."""
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
