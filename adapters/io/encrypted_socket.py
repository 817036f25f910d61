"""A socket whose data are encrypted, for drivers that use a few methods of plain sockets."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, final

from domain.errors import RemoteProtocolError

if TYPE_CHECKING:
    from adapters.io.encryption import EncryptedChannel

Buffer: TypeAlias = bytes | bytearray | memoryview

RECEIVE_SIZE: Final = 2**16
CHUNK: Final = 2**16
"""Number of bytes that are encrypted and sent at once, in four records: it fits a core's cache."""


@final
class EncryptedSocket:
    """Encrypts and decrypts what the methods of the same names of a plain socket send and receive.

    Timeouts and non-blocking mode are those of the plain socket. One thread may read while another
    one writes. The handshake takes place when the first thread reads or writes.

    Two methods differ from those of a plain socket:

    - `recv` may return more than `size` bytes: all that has arrived, so that nothing is left that
      waiting for the socket would not notice.
    - If `send` or `sendmsg` does not accept all bytes, the next call must begin with the same ones,
      since some of them may be encrypted already.

    Args:
        sock: The plain socket, which this object owns from now on.
        channel: Encrypts and decrypts.
        first: Bytes that have been received already.
    """

    def __init__(
        self, sock: socket.socket, channel: EncryptedChannel, *, first: bytes = b""
    ) -> None:
        self._socket = sock
        self._channel = channel
        self._lock = threading.Lock()
        """Guards the channel. No thread waits while it holds this lock."""
        self._unsent = memoryview(b"")
        self._unsent_plain = 0
        """Number of unencrypted bytes that `_unsent` ends, and which were not accepted yet."""
        self.family: Final = sock.family
        self.setblocking = sock.setblocking
        self.settimeout = sock.settimeout
        self.setsockopt = sock.setsockopt
        self.getsockname = sock.getsockname
        self.getpeername = sock.getpeername
        self.shutdown = sock.shutdown
        self.close = sock.close
        self.fileno = sock.fileno
        self.getsockopt = sock.getsockopt
        if first:
            channel.received(first)

    def poll(self, timeout: float | None = None) -> bool:
        """Wait until there is something to read; return False on timeout.

        Args:
            timeout: Milliseconds to wait, as for `select.poll`; None waits without limit.
        """
        if self._channel.has_unread:
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(timeout))

    def recv(self, size: int) -> bytes:
        """Receive what has arrived, and wait for it if the socket is blocking.

        Returns:
            The bytes; empty if the other side has closed the connection.

        Raises:
            RemoteProtocolError: If the other side does not know the secret or does not use TLS.
            OSError: If the connection fails.
        """
        parts: list[bytes] = []
        buffer = memoryview(bytearray(size))
        while got := self._receive_into(buffer, may_wait=not parts):
            parts.append(bytes(buffer[:got]))
        return b"".join(parts)

    def recv_into(self, buffer: memoryview) -> int:
        """Receive into a buffer; return the number of bytes. See `recv`."""
        return self._receive_into(buffer, may_wait=True)

    def send(self, data: Buffer) -> int:
        """Send bytes; return the number of those that are accepted.

        Raises:
            BlockingIOError: If the socket accepts none now.
            OSError: If the connection fails.
        """
        return self.sendmsg([data])

    def sendmsg(self, buffers: Sequence[Buffer]) -> int:
        """Send several buffers; return the number of bytes that are accepted. See `send`."""
        accepted = 0
        try:
            self._open()
            accepted = self._flush()
            for chunk in _chunks(buffers, skip=accepted):
                self._encrypt(chunk)
                accepted += self._flush()
        except (BlockingIOError, InterruptedError):
            if not accepted:
                raise
        return accepted

    def sendall(self, data: Buffer) -> None:
        """Send all bytes; the socket must be blocking.

        Raises:
            OSError: If the connection fails.
        """
        self._open()
        for chunk in _chunks([data], skip=0):
            self._encrypt(chunk)
            self._socket.sendall(self._unsent)
            self._unsent, self._unsent_plain = memoryview(b""), 0

    def _receive_into(self, buffer: memoryview, *, may_wait: bool) -> int:
        while True:
            with self._lock:
                got = self._read_into(buffer)
            if got or not may_wait or not self._receive_more():
                return got

    def _read_into(self, buffer: memoryview) -> int:
        """Decrypt what has been received. The caller holds the lock."""
        if not (self._channel.is_open or self._proceed()):
            return 0
        return self._channel.read_into(buffer) if self._channel.has_unread else 0

    def _receive_more(self) -> bool:
        """Receive bytes; return False if the other side has closed the connection."""
        data = self._socket.recv(RECEIVE_SIZE)
        with self._lock:
            self._channel.received(data)
        return bool(data)

    def _open(self) -> None:
        """Complete the handshake."""
        while not self._channel.is_open:
            with self._lock:
                if self._proceed():
                    return
            if not self._receive_more():
                msg = "the other side closed the connection"
                raise ConnectionResetError(msg)

    def _proceed(self) -> bool:
        """Continue the handshake; return whether it is complete.

        Its messages are small enough to be sent at once.
        """
        try:
            self._channel.proceed()
        except RemoteProtocolError:
            # the other side learns the reason
            with contextlib.suppress(OSError):
                self._socket.send(self._channel.data_to_send())
            raise
        data = self._channel.data_to_send()
        if data:
            self._socket.sendall(data)
        return self._channel.is_open

    def _encrypt(self, chunk: Buffer) -> None:
        with self._lock:
            self._channel.write(chunk)
            self._unsent = memoryview(self._channel.data_to_send())
        self._unsent_plain = len(chunk)

    def _flush(self) -> int:
        """Send the encrypted bytes; return the number of plain ones that are accepted by that."""
        while self._unsent:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        accepted, self._unsent_plain = self._unsent_plain, 0
        return accepted


def _chunks(buffers: Sequence[Buffer], *, skip: int) -> Iterator[Buffer]:
    """Yield the bytes of the buffers in chunks, without copying large buffers."""
    joined = bytearray()
    for buffer in buffers:
        view = memoryview(buffer).cast("B")
        skipped = min(skip, len(view))
        skip -= skipped
        view = view[skipped:]
        if len(joined) + len(view) <= CHUNK // 4:
            joined += view
            continue
        if joined:
            yield joined
            joined = bytearray()
        for start in range(0, len(view), CHUNK):
            yield view[start : start + CHUNK]
    if joined:
        yield joined
