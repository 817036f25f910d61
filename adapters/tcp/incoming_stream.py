"""Receives messages from one of our own instances, on the model's thread."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Sequence
from typing import Final, final

from adapters.io import connections, network
from adapters.tcp.frame_reader import FrameReader
from adapters.tcp.session_client import SHORTEST_TIMEOUT, receive_exactly
from adapters.wire import locations
from adapters.wire.greeting import NONCE_SIZE
from adapters.wire.reconnection import DEFAULT_RETRIES, ConnectionState, RetryPolicy
from adapters.wire.stream_receiver import Arrivals, Marks, StreamReceiver
from application.interfaces.peer_transport import Inlet
from domain.coupling.messages import PeerMessage
from domain.errors import CouplingError, PeerLost, PortError, RemoteProtocolError, TransportError

RECEIVE_SIZE: Final = 65536
GOODBYE_TIME: Final = 10.0
"""Seconds for a sender to read our goodbye. Without it, the sender waits a minute for us."""


class StreamConnection:
    """Drives the stream from a sending instance, and reconnects when the connection is lost.

    Args:
        peer: Name of the sending instance.
        peer_locations: Where it can be reached.
        receiver: Our own name.
        secret: The run's secret.
        retries: How often and for how long to try to connect.

    Attributes:
        stream: The state of the stream, with the messages that have arrived.

    Raises:
        TransportError: If the peer cannot be reached.
        RemoteProtocolError: If the peer belongs to another run.
    """

    def __init__(
        self,
        peer: str,
        peer_locations: Sequence[str],
        *,
        receiver: str,
        secret: str,
        retries: RetryPolicy = DEFAULT_RETRIES,
    ) -> None:
        self._peer = peer
        self._secret = secret
        self._addresses = locations.addresses_in(peer_locations, locations.CONJOIN)
        self.stream = StreamReceiver(sender=peer, receiver=receiver, secret=secret, retries=retries)
        self._open()

    def next_frame_begins(self, *, timeout: float | None) -> bool:
        """Wait until a frame begins to arrive; return False if none does in time.

        The wait may be somewhat shorter or longer than `timeout` seconds.

        Raises:
            OSError: If the connection fails.
            EOFError: If it is closed.
        """
        return self._reader.wait_readable(timeout)

    def read_frame(self) -> None:
        """Read one frame, and put the message in its queue.

        Raises:
            OSError: If the connection fails.
            EOFError: If it is closed.
            RemoteProtocolError: If the peer violates the protocol.
            PortError: If the peer sends to a slot of a scalar port, or to a vector port as a whole.
        """
        began = time.time_ns()
        read_frame(self._reader, self.stream)
        transferred = time.time_ns()
        arrival = self.stream.take_frame()
        if arrival is not None:
            queue, message = arrival
            queue.append((message, (began, transferred, time.time_ns())))
        if self.stream.outgoing:
            # the next read detects a lost connection, and reconnects
            with contextlib.suppress(OSError):
                self._socket.sendall(self.stream.data_to_send())

    def restore(self) -> bool:
        """Reconnect after the connection was lost; return whether that succeeded."""
        self._socket.close()
        self.stream.connection_lost(now=time.monotonic())
        if self.stream.state is not ConnectionState.DISCONNECTED:
            return False
        try:
            self._open()
        except TransportError:
            return False
        return True

    def close(self) -> None:
        """Acknowledge, send a goodbye, and close the connection. Idempotent."""
        self.stream.end()
        if self.stream.outgoing:
            with contextlib.suppress(OSError):
                self._send_goodbye()
        self._socket.close()

    def _send_goodbye(self) -> None:
        self._socket.settimeout(GOODBYE_TIME)
        self._socket.sendall(self.stream.data_to_send())
        self._socket.shutdown(socket.SHUT_WR)
        # Closing a connection with unread data resets it, which may discard the goodbye. So wait
        # until the sender has read the goodbye, and has closed its end.
        end = time.monotonic() + GOODBYE_TIME
        while time.monotonic() < end and self._socket.recv(RECEIVE_SIZE):
            pass

    def _open(self) -> None:
        """Connect until the stream is open."""
        while True:
            deadline = self.stream.next_deadline()
            if deadline is not None:
                # poll, because no event reports that the network is back
                time.sleep(max(0.0, deadline - time.monotonic()))
            try:
                self._connect()
            except TransportError as error:
                self.stream.connection_lost(now=time.monotonic(), may_retry=error.transient)
                if self.stream.state is not ConnectionState.DISCONNECTED:
                    raise
            else:
                return

    def _connect(self) -> None:
        sock = connections.secured(network.connect(self._addresses), self._secret)
        is_resumable = sock.family != socket.AF_UNIX
        nonce = os.urandom(NONCE_SIZE)
        self.stream.connected(now=time.monotonic(), nonce=nonce, is_resumable=is_resumable)
        try:
            while (deadline := self.stream.next_deadline()) is not None:
                sock.settimeout(max(SHORTEST_TIMEOUT, deadline - time.monotonic()))
                sock.sendall(self.stream.data_to_send())
                self.stream.received(receive_exactly(sock, self.stream.wanted))
            sock.sendall(self.stream.data_to_send())
            sock.settimeout(None)
        except (OSError, EOFError) as error:
            sock.close()
            msg = f"cannot connect to peer '{self._peer}': {error}"
            raise TransportError(msg, transient=True) from error
        except BaseException:
            sock.close()
            raise
        self._socket = sock
        self._reader = FrameReader(sock)


def read_frame(reader: FrameReader, stream: StreamReceiver) -> None:
    """Read until a frame is complete.

    Raises:
        OSError: If the connection fails.
        EOFError: If it is closed.
        RemoteProtocolError: If the peer violates the protocol.
    """
    is_complete = False
    while not is_complete:
        if stream.in_place:
            is_complete = stream.received(reader.read_in_place(stream.wanted))
        else:
            is_complete = stream.received(reader.read(stream.wanted))


class IncomingStream:
    """Distributes the messages from one sending instance. Thread-safe.

    The first thread that waits for a message reads frames for all threads, until its own message
    arrives.

    Args:
        peer: Name of the sending instance.
        connection: The connection to it.
    """

    def __init__(self, peer: str, connection: StreamConnection) -> None:
        self._peer = peer
        self._connection = connection
        self._changed = threading.Condition()
        self._is_being_read = False
        self._failure: CouplingError | None = None

    def expect(self, sender: str, receiver: str) -> Arrivals:
        """Return the queue for messages from one of the peer's endpoints to one of ours.

        Raises:
            PortError: If only one of them has a slot.
        """
        return self._connection.stream.expect(sender, receiver)

    def receive(
        self, arrivals: Arrivals, timeout: float | None
    ) -> tuple[PeerMessage, Marks] | None:
        """Return the next message for an endpoint.

        Args:
            arrivals: The endpoint's queue.
            timeout: Seconds to wait for it to begin to arrive; None waits without limit.

        Raises:
            PeerLost: If the connection is permanently lost.
            RemoteProtocolError: If the peer violates the protocol.
            PortError: If the peer sends to a slot of a scalar port, or to a vector port as a whole.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._changed:
                while not arrivals and self._is_being_read and self._failure is None:
                    if not self._changed.wait(None if end is None else end - time.monotonic()):
                        return None
                if arrivals:
                    return arrivals.popleft()
                if self._failure is not None:
                    raise self._failure
                self._is_being_read = True
            try:
                is_over = not self._read_one(end)
            finally:
                with self._changed:
                    self._is_being_read = False
                    self._changed.notify_all()
            if is_over:
                return None

    def close(self) -> None:
        """Close the connection. Idempotent."""
        self._connection.close()

    def _read_one(self, end: float | None) -> bool:
        """Read one frame; return False if none begins to arrive in time."""
        while True:
            left = None if end is None else max(0.0, end - time.monotonic())
            try:
                if not self._connection.next_frame_begins(timeout=left):
                    if end is not None and time.monotonic() >= end:
                        return False
                    continue
                self._connection.read_frame()
            except (RemoteProtocolError, PortError) as error:
                # the start of the next frame is unknown, so this connection is unusable
                self._failure = error
                raise
            except (OSError, EOFError, ValueError) as error:
                if not self._restore():
                    self._failure = self._loss()
                    raise self._failure from error
            else:
                return True

    def _restore(self) -> bool:
        try:
            return self._connection.restore()
        except RemoteProtocolError as error:
            self._failure = error
            raise

    def _loss(self) -> PeerLost:
        return PeerLost(
            f"Error while receiving a message: connection with peer '{self._peer}' was lost."
            " Did the peer crash?"
        )


@final
class StreamInlet(Inlet):
    """Receives the messages for one of our endpoints."""

    def __init__(self, incoming: IncomingStream, *, sender: str, receiver: str) -> None:
        self._stream = incoming
        self._arrivals = incoming.expect(sender, receiver)
        self._marks = (0, 0, 0)

    @property
    def marks(self) -> tuple[int, int, int]:
        return self._marks

    def receive(self, *, timeout: float | None) -> PeerMessage | None:
        arrival = self._stream.receive(self._arrivals, timeout)
        if arrival is None:
            return None
        message, self._marks = arrival
        return message
