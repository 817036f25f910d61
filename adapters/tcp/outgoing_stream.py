"""Sends messages to one of our own instances, mostly on the model's thread."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections import deque
from typing import Final, final

from adapters.io.connections import Connection
from adapters.io.event_loop import READABLE, WRITABLE, EventLoop
from adapters.io.network import (
    MAX_BUFFERS,
    is_in_transit,
    remove_front,
    send_some,
    wait_for_slow_receiver,
)
from adapters.tcp.queue_limit import OPEN, QueueGate, QueueLimit
from adapters.wire import stream
from adapters.wire.stream_sender import RETURN_TIME, Pieces, StreamSender
from application.interfaces.peer_transport import Outlet
from domain.coupling.messages import PeerMessage
from domain.errors import RemoteProtocolError

LARGE: Final = 2**20
PATIENCE: Final = 0.002
MOST_PATIENCE: Final = 0.2
COPIED_PER_SECOND: Final = 1e9


class OutgoingStream:
    """Drives the stream to one receiving instance. Thread-safe.

    The sending thread writes as much as the connection accepts immediately. The rest is copied to a
    queue, which the loop's thread writes as the connection accepts more. While the queue is not
    empty, new frames are queued too, which keeps the order.

    A thread does not hold the lock while it waits for the connection to accept more. Instead, it
    owns the socket for writing. If the stream stops using the socket meanwhile, that thread closes
    it.

    Args:
        loop: Writes out the queue, on its thread.
        return_time: Seconds to wait for a receiver to reconnect.
        limit: How many bytes may be queued.
    """

    def __init__(
        self, loop: EventLoop, *, return_time: float = RETURN_TIME, limit: QueueLimit = OPEN.limit
    ) -> None:
        self._loop = loop
        self._limit = limit
        self._sender = StreamSender(return_time=return_time)
        self._socket: Connection | None = None
        self._written_by_a_thread: Connection | None = None
        self._changed = threading.Condition()

    def open_channel(self, receiver: str) -> int:
        """Assign a channel to a receiving endpoint, and announce it to the receiver."""
        with self._changed:
            channel, frame = self._sender.open_channel(receiver)
        self.send([frame])
        return channel

    def attach(self, sock: Connection, received: int, *, trailing_data: bytes = b"") -> None:
        """Use a connection of the receiver, instead of any earlier one. On the loop's thread.

        Args:
            sock: The connection.
            received: Number of frames that the receiver has received.
            trailing_data: Data that the receiver sent after its hello, such as acknowledgements or
                a goodbye.
        """
        with self._changed:
            is_accepted = self._sender.accepts_connection
            if is_accepted:
                self._detach()
                self._sender.connected(
                    received=received, is_resumable=sock.family != socket.AF_UNIX
                )
                wait_for_slow_receiver(sock)
                self._socket = sock
                self._receive_trailing(sock, trailing_data)
                self._changed.notify_all()
        if is_accepted:
            self._loop.watch(sock, self._proceed, events=READABLE | WRITABLE)
        else:
            if self._sender.has_left:
                # it reconnected because our confirmation of its goodbye did not arrive
                _confirm_goodbye(sock)
            sock.close()

    def send(self, pieces: Pieces) -> bool:
        """Send the pieces of a frame; all but the first may be changed after this returns.

        Returns:
            Whether the frame was sent or queued; False if it would exceed the limit.
        """
        with self._changed:
            sock = self._socket
            if sock is not None and self._sender.is_idle:
                pieces = self._write_at_once(sock, pieces)
                if not pieces:
                    return True
            if self._sender.queued > self._limit.size and not self._admits(pieces):
                return False
            left = self._sender.add(pieces)
            if not left or sock is None:
                return True
            self._written_by_a_thread = sock
        try:
            self._write(sock, left)
        finally:
            self._end_write(sock, left)
        return True

    def wait_for_room(self, size: int, *, timeout: float) -> bool:
        """Wait until a frame of some size can be queued; return whether it can."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._limit.admits(size, queued=self._sender.queued), timeout=timeout
            )

    @property
    def taken(self) -> int:
        """How many bytes the receiver has taken so far."""
        return self._sender.taken

    def wait_until_sent(self, *, timeout: float | None) -> bool:
        """Wait until the receiver has received everything or is gone; return False on timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: self._sender.is_all_received, timeout=timeout)

    @property
    def awaits_reconnection(self) -> bool:
        """Whether the receiver has lost its connection, and may connect again."""
        with self._changed:
            return self._sender.next_deadline() is not None

    @property
    def awaits_first_connection(self) -> bool:
        """Whether frames are kept for a receiver that has not connected yet."""
        with self._changed:
            return self._sender.awaits_first_connection

    @property
    def is_in_transit(self) -> bool:
        """Whether the receiver's machine has not received all frames, since the network is cut.

        Frames for a receiver that has never connected do not count: it does not wait for them.
        """
        with self._changed:
            if self._socket is not None:
                return is_in_transit(self._socket)
            return self._sender.next_deadline() is not None and not self._sender.is_all_received

    def close(self) -> None:
        """Close the connection. Idempotent and thread-safe."""
        with self._changed:
            self._sender.lose()
            self._detach()
            self._changed.notify_all()

    def _admits(self, pieces: Pieces) -> bool:
        return self._limit.admits(sum(map(len, pieces)), queued=self._sender.queued)

    def _write_at_once(self, sock: Connection, pieces: Pieces) -> Pieces:
        """Write a frame directly, without waiting; return the part that is left to write."""
        if len(pieces) > MAX_BUFFERS:
            return pieces
        try:
            # send() takes less time than sendmsg() for a single piece
            sent = sock.send(pieces[0]) if len(pieces) == 1 else sock.sendmsg(pieces)
        except (BlockingIOError, InterruptedError):
            return pieces
        except OSError:
            self._end_connection(sock)
            return []
        if sent == sum(map(len, pieces)):
            return []
        left = deque(memoryview(piece) for piece in pieces)
        remove_front(left, sent)
        return list(left)

    def _write(self, sock: Connection, left: deque[memoryview]) -> None:
        """Write as long as the connection accepts data, to avoid copying the rest.

        This waits about as long as copying a large frame would take. Frames that are kept until
        they are acknowledged have been copied already.
        """
        size = sum(map(len, left))
        patience = PATIENCE
        if sock.family == socket.AF_UNIX:
            patience = min(max(PATIENCE, size / COPIED_PER_SECOND), MOST_PATIENCE)
        try:
            size -= send_some(sock, left)
            if size < LARGE:
                return
            poll = select.poll()
            poll.register(sock, select.POLLOUT)
            while size >= LARGE and patience > 0:
                began = time.monotonic()
                poll.poll(1000 * patience)
                patience -= time.monotonic() - began
                size -= send_some(sock, left)
        except OSError:
            with self._changed:
                self._end_connection(sock)

    def _end_write(self, sock: Connection, left: deque[memoryview]) -> None:
        """Queue what this thread has not written, and release the socket for writing."""
        with self._changed:
            if self._written_by_a_thread is sock:
                self._written_by_a_thread = None
            self._sender.end_direct_write(left)
            is_replaced = self._socket is not sock
            has_more = bool(self._sender.outgoing)
            self._changed.notify_all()
        if is_replaced:
            self._loop.close_soon(sock)
        if has_more:
            self._loop.call_soon(self._proceed)

    def _proceed(self) -> None:
        """Receive acknowledgements, and write from the queue. For the loop's thread."""
        with self._changed:
            sock = self._socket
            if sock is None:
                return
            try:
                if not self._receive(sock):
                    self._end_connection(sock)
                    return
                if self._sender.may_write:
                    self._sender.written(send_some(sock, self._sender.outgoing))
            except (OSError, RemoteProtocolError):
                self._end_connection(sock)
                return
            self._changed.notify_all()
            has_more = self._sender.may_write and bool(self._sender.outgoing)
        events = READABLE | WRITABLE if has_more else READABLE
        self._loop.watch(sock, self._proceed, events=events)

    def _receive(self, sock: Connection) -> bool:
        """Receive acknowledgements; return whether the receiver is still connected."""
        try:
            data = sock.recv(4096)
        except (BlockingIOError, InterruptedError):
            return True
        has_left = self._sender.has_left
        self._sender.received(data)
        if self._sender.has_left and not has_left and self._written_by_a_thread is not sock:
            _confirm_goodbye(sock)
        return bool(data)

    def _receive_trailing(self, sock: Connection, data: bytes) -> None:
        try:
            self._sender.received(data)
        except RemoteProtocolError:
            self._end_connection(sock)
        else:
            if self._sender.has_left:
                _confirm_goodbye(sock)

    def _end_connection(self, sock: Connection) -> None:
        """Wait for the receiver to reconnect, if it can. The caller holds the lock."""
        if self._socket is not sock:
            return
        # if a write failed, an unread goodbye may have arrived before
        with contextlib.suppress(OSError, RemoteProtocolError):
            self._receive(sock)
        self._sender.connection_lost(now=time.monotonic())
        self._detach()
        self._changed.notify_all()
        self._loop.call_soon(self._tick)

    def _tick(self) -> None:
        """Give up on the receiver when its time is over. For the loop's thread."""
        with self._changed:
            self._sender.tick(time.monotonic())
            deadline = self._sender.next_deadline()
            self._changed.notify_all()
        if deadline is not None:
            self._loop.call_later(max(0.0, deadline - time.monotonic()), self._tick)

    def _detach(self) -> None:
        """Stop using the connection. The caller holds the lock."""
        sock, self._socket = self._socket, None
        if sock is None:
            return
        if sock is self._written_by_a_thread:
            # the thread closes it: if this closed it, the thread could write to another file that
            # gets the same descriptor
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        else:
            self._loop.close_soon(sock)


def _confirm_goodbye(sock: Connection) -> None:
    """Confirm a goodbye, as far as possible: without it, the receiver sends the goodbye again."""
    with contextlib.suppress(OSError):
        sock.send(stream.GOODBYE_READ)


@final
class StreamOutlet(Outlet):
    """Sends messages to one endpoint of one of our own instances.

    Args:
        outgoing: The stream to that instance.
        receiver: The endpoint.
        gate: Waits while the queue of that stream is full.
    """

    def __init__(self, outgoing: OutgoingStream, *, receiver: str, gate: QueueGate = OPEN) -> None:
        self._stream = outgoing
        self._gate = gate
        self._channel = outgoing.open_channel(receiver)

    def send(self, message: PeerMessage) -> int:
        pieces = stream.encode_message(self._channel, message)
        size = sum(map(len, pieces))
        while not self._stream.send(pieces):
            self._gate.wait(
                lambda timeout: self._stream.wait_for_room(size, timeout=timeout),
                lambda: self._stream.taken,
            )
        return size
