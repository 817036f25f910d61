"""Frames over Unix sockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable
from typing import Final, final

from typing_extensions import override

from adapters.unix_sockets.framing import FrameSplitter, join_frames
from adapters.unix_sockets.outgoing import Outgoing
from application.interfaces.host_transport import HostTransport
from domain.errors import RemoteProtocolError

LINGER: Final = 0.5
"""Seconds to send what is queued when the transport is closed."""

DIRECT_SENDS: Final = 4
"""Frames to send at once, without waiting for others to join; more come in bursts."""

LONGEST_BURST: Final = 32
"""Frames to join at most, so that receivers work while others are still being made."""

BACKLOG: Final = 1024
CHUNK: Final = 2**18
_CREDENTIALS: Final = struct.Struct("3i")


@final
class UnixHostTransport(HostTransport):
    """Listens on one socket, and connects to each process that it sends to.

    Frames of a burst are joined. Connections of other users
    are refused, although the directory should keep them out.

    Args:
        directory: The directory of the run's sockets, which only its user may access.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._listener: socket.socket | None = None
        self._incoming: set[socket.socket] = set()
        self._outgoing: dict[str, Outgoing] = {}
        self._queues: dict[str, list[bytes]] = {}
        self._direct_sends = DIRECT_SENDS
        self._queued = 0
        self._is_flush_due = False
        self._is_reading = False
        self._uid = ""

    @override
    def open(self, uid: str, receive: Callable[[str, bytes], None]) -> None:
        self._uid = uid
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.setblocking(False)
        try:
            listener.bind(self._path(uid))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise OSError(error.errno, f"cannot bind a socket for {uid}: {error}") from error
        self._listener = listener
        self._loop.add_reader(listener, self._accept, listener)

    @override
    def send(self, uid: str, frame: bytes) -> None:
        if self._direct_sends and not self._is_reading:
            self._direct_sends -= 1
            self._send_all(uid, [frame])
            return
        self._queues.setdefault(uid, []).append(frame)
        self._queued += 1
        if self._queued >= LONGEST_BURST:
            self._send_queued()
        elif not self._is_flush_due:
            self._is_flush_due = True
            self._loop.call_soon(self._flush)

    @override
    def forget(self, uid: str) -> None:
        self._queues.pop(uid, None)
        outgoing = self._outgoing.pop(uid, None)
        if outgoing is not None:
            outgoing.close()

    @override
    def close(self) -> None:
        if self._listener is None:
            return
        self._send_queued()
        for outgoing in self._outgoing.values():
            outgoing.close(linger=LINGER)
        self._outgoing.clear()
        for sock in (self._listener, *self._incoming):
            self._loop.remove_reader(sock)
            sock.close()
        self._incoming.clear()
        self._listener = None
        with contextlib.suppress(OSError):
            os.unlink(self._path(self._uid))  # noqa: PTH108

    def _flush(self) -> None:
        self._is_flush_due = False
        self._direct_sends = DIRECT_SENDS
        self._send_queued()

    def _send_queued(self) -> None:
        queues, self._queues = self._queues, {}
        self._queued = 0
        if self._listener is None:
            return
        for uid, frames in queues.items():
            self._send_all(uid, frames)

    def _send_all(self, uid: str, frames: list[bytes]) -> None:
        outgoing = self._outgoing.get(uid)
        if outgoing is None:
            outgoing = self._outgoing[uid] = Outgoing(self._path(uid), self._uid)
        outgoing.send(join_frames(frames))

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock, _ = listener.accept()
            if not _is_of_own_user(sock):
                sock.close()
                return
            sock.setblocking(False)
            self._incoming.add(sock)
            self._loop.add_reader(sock, self._read, sock, FrameSplitter())

    def _read(self, sock: socket.socket, splitter: FrameSplitter) -> None:
        if not self._queues:
            self._direct_sends = DIRECT_SENDS
        # what is sent in reaction is joined
        self._is_reading = True
        try:
            data = sock.recv(CHUNK)
            for frame in splitter.split(data):
                assert splitter.sender is not None
                self._receive(splitter.sender, frame)
        except BlockingIOError:
            return
        except (OSError, RemoteProtocolError):
            data = b""
        finally:
            self._is_reading = False
            if self._queues:
                self._send_queued()
        if not data and sock in self._incoming:
            self._incoming.discard(sock)
            self._loop.remove_reader(sock)
            sock.close()

    def _path(self, uid: str) -> str:
        return f"{self._directory}/{uid}"


def _is_of_own_user(sock: socket.socket) -> bool:
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(credentials)
    return bool(user == os.geteuid())
