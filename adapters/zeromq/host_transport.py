"""Frames over Unix sockets, by ZeroMQ."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Final, final

import zmq
from typing_extensions import override

from application.interfaces.host_transport import HostTransport

LINGER: Final = 500
"""Milliseconds to send what is queued when the transport is closed."""

RECONNECT: Final = 10
"""Milliseconds between attempts to connect to a process that does not receive yet."""

TURN: Final = 8
"""Number of batches to receive before other callbacks of the event loop get a turn."""

MAX_FRAME: Final = 2**30
"""Longest frame to accept; payloads of 64 kB or more travel in shared memory."""

MAX_BATCH: Final = 128
"""Number of frames in one batch."""

READABLE: Final = int(zmq.POLLIN)
"""As a number, because operators of enumerations are slow."""


@final
class ZmqHostTransport(HostTransport):
    """Binds one ROUTER socket, and connects a DEALER socket to each other process.

    Frames that are sent in the same turn of the event loop travel in batches, as multipart
    messages. Frames are sent by DEALER and received by ROUTER only. Both have no high-water mark,
    because a ROUTER drops messages beyond it silently.

    Args:
        directory: The directory of the run's sockets, which only its user may access.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._router: zmq.Socket[bytes] | None = None
        self._dealers: dict[str, zmq.Socket[bytes]] = {}
        self._queues: dict[str, list[bytes]] = {}
        self._is_flush_due = False
        self._uid = ""

    @override
    def open(self, uid: str, receive: Callable[[str, bytes], None]) -> None:
        self._uid = uid
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._context = zmq.Context()
        self._router = self._new_socket(zmq.ROUTER)
        try:
            self._router.bind(self._address(uid))
        except zmq.ZMQError as error:
            self.close()
            raise OSError(error.errno, f"cannot bind a socket for {uid}: {error}") from error
        self._descriptor = int(self._router.getsockopt(zmq.FD))
        self._loop.add_reader(self._descriptor, self._on_readable)
        # the descriptor reports changes only, so check for what is there already
        self._loop.call_soon(self._on_readable)

    @override
    def send(self, uid: str, frame: bytes) -> None:
        if self._is_flush_due:
            self._queues.setdefault(uid, []).append(frame)
            return
        # the first frame in a turn is sent at once, those that follow as a batch
        self._is_flush_due = True
        self._loop.call_soon(self._flush)
        self._send_batch(uid, [frame])

    @override
    def forget(self, uid: str) -> None:
        self._queues.pop(uid, None)
        dealer = self._dealers.pop(uid, None)
        if dealer is not None:
            dealer.close(linger=0)

    @override
    def close(self) -> None:
        if self._context is None:
            return
        if self._router is not None and not self._router.closed:
            self._flush()
            if hasattr(self, "_descriptor"):
                self._loop.remove_reader(self._descriptor)
            self._router.close(linger=0)
            with contextlib.suppress(OSError):
                os.unlink(f"{self._directory}/{self._uid}")  # noqa: PTH108
        for dealer in self._dealers.values():
            dealer.close(linger=LINGER)
        self._dealers.clear()
        self._context.term()
        self._context = None

    def _flush(self) -> None:
        self._is_flush_due = False
        queues, self._queues = self._queues, {}
        if self._context is None:
            return
        for uid, frames in queues.items():
            for start in range(0, len(frames), MAX_BATCH):
                self._send_batch(uid, frames[start : start + MAX_BATCH])

    def _send_batch(self, uid: str, frames: list[bytes]) -> None:
        dealer = self._dealers.get(uid) or self._connect(uid)
        dealer.send_multipart(frames, zmq.DONTWAIT)

    def _connect(self, uid: str) -> zmq.Socket[bytes]:
        dealer = self._new_socket(zmq.DEALER)
        dealer.setsockopt(zmq.ROUTING_ID, self._uid.encode())
        dealer.setsockopt(zmq.RECONNECT_IVL, RECONNECT)
        dealer.connect(self._address(uid))
        self._dealers[uid] = dealer
        return dealer

    def _new_socket(self, kind: int) -> zmq.Socket[bytes]:
        assert self._context is not None
        sock = self._context.socket(kind)
        sock.setsockopt(zmq.SNDHWM, 0)
        sock.setsockopt(zmq.RCVHWM, 0)
        sock.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME)
        return sock

    def _address(self, uid: str) -> str:
        return f"ipc://{self._directory}/{uid}"

    def _on_readable(self) -> None:
        router = self._router
        for _ in range(TURN):
            # much faster than an exception if no frame has arrived
            if router is None or router.closed or not _has_input(router):
                return
            sender, *frames = router.recv_multipart(zmq.DONTWAIT)
            uid = sender.decode("utf-8", "replace")
            for frame in frames:
                self._receive(uid, frame)
        # the descriptor is not readable again for what has arrived already
        self._loop.call_soon(self._on_readable)


def _has_input(sock: zmq.Socket[bytes]) -> bool:
    return bool(int(sock.getsockopt(zmq.EVENTS)) & READABLE)
