"""Drives the client's side of a session with sockets."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

from adapters.io import connections, network
from adapters.io.connections import Connection
from adapters.io.memory import LARGE, new_memory
from adapters.wire import locations
from adapters.wire.frames import Piece
from adapters.wire.greeting import NONCE_SIZE
from adapters.wire.reconnection import DEFAULT_RETRIES, ConnectionState, RetryPolicy
from adapters.wire.session_client import ClientSession
from domain.errors import TransportError
from domain.running.clients import MANAGER, UNNAMED

GOODBYE_TIME: Final = 1.0
SHORTEST_TIMEOUT: Final = 0.001
SHORTEST_CONNECT_TIMEOUT: Final = 0.5


class SessionClient:
    """A session with a server, which reconnects when its connection is lost.

    One request is outstanding at a time: `begin` sends it, `wait` returns the response, and `call`
    does both. Only `call` is thread-safe.

    Args:
        server_locations: Where the server can be reached.
        secret: The run's secret if the server is one of ours, else None.
        identity: Our own identity, which we prove with the secret.
        server_identity: Identity that the server must have, if we have the secret.
        server: Name of the server in error messages.
        retries: How often and for how long to retry a request.
        goodbye_time: Seconds that `close` may take to end the session at the server.
    """

    def __init__(
        self,
        server_locations: Sequence[str],
        *,
        secret: str | None = None,
        identity: str = UNNAMED,
        server_identity: str = MANAGER,
        server: str = "server",
        retries: RetryPolicy = DEFAULT_RETRIES,
        goodbye_time: float = GOODBYE_TIME,
    ) -> None:
        self._addresses = locations.addresses_in(server_locations, locations.TCP)
        self._secret = secret
        self._server = server
        self._goodbye_time = goodbye_time
        self._session = ClientSession(
            secret=secret,
            identity=identity,
            server_identity=server_identity,
            server=server,
            retries=retries,
        )
        self._socket: Connection | None = None
        self._calling = threading.Lock()
        self._lock = threading.Lock()
        """Guards the session, and the order of writes to the socket."""
        self._closing = threading.Event()
        self._stall_time: float | None = None

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._socket is not None

    def call(self, request: bytes) -> memoryview:
        """Send a request and return the response.

        Raises:
            TransportError: If it does not get through within the retry time.
            RemoteProtocolError: If the server violates the protocol.
        """
        with self._calling:
            self.begin(request)
            response = self.wait(timeout=None)
        assert response is not None
        return response

    def begin(self, request: bytes) -> None:
        """Send a request.

        Raises:
            TransportError: If it does not get through within the retry time.
            RemoteProtocolError: If the server violates the protocol.
        """
        self._raise_if_over()
        if self._session.is_waiting:
            # an interrupt kept the last caller from receiving its response: receive it first
            self.wait(timeout=None)
        with self._lock:
            self._session.begin(request)
        with self._reconnecting():
            self._send_pending()
        self._restore()

    def wait(self, *, timeout: float | None) -> memoryview | None:
        """Return the response to the request that was begun.

        Args:
            timeout: Seconds to wait for it to begin to arrive; None waits without limit.

        Returns:
            The response; None if it does not begin to arrive in time.

        Raises:
            TransportError: If the connection was lost for longer than the retry time.
            RemoteProtocolError: If the server violates the protocol.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            self._restore()
            left = None if end is None else max(0.0, end - time.monotonic())
            if not self._is_readable(left):
                return None
            with self._reconnecting():
                while (response := self._receive()) is None:
                    pass
                return memoryview(response)

    def limit_retries(self, seconds: float) -> None:
        """From now on, give up sooner on a lost connection or a stalled server. Thread-safe."""
        with self._lock:
            self._session.limit_retries(seconds, now=time.monotonic())
            self._stall_time = seconds
            if self._socket is not None:
                with contextlib.suppress(OSError):  # another thread may be closing the socket
                    self._socket.settimeout(seconds)

    def close(self) -> None:
        """End the session and the connection. Idempotent and thread-safe."""
        self._closing.set()
        # Another thread may be sending a request. Wait until it is complete before sending the
        # goodbye; if the server does not accept the request in time, omit the goodbye.
        may_write = self._lock.acquire(timeout=self._goodbye_time)
        sock, self._socket = self._socket, None
        if sock is not None:
            with contextlib.suppress(OSError):
                if may_write:
                    self._session.end()
                    sock.settimeout(self._goodbye_time)
                    sock.sendall(b"".join(self._session.data_to_send()))
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for a response
            sock.close()
        if may_write:
            self._lock.release()

    def _restore(self) -> None:
        """Connect until the session is open and the outstanding request is sent."""
        while self._session.state is not ConnectionState.OPEN:
            self._raise_if_over()
            self._pause()
            with self._reconnecting():
                self._connect()

    def _pause(self) -> None:
        retry_at = self._session.next_deadline()
        if retry_at is not None:
            self._closing.wait(max(0.0, retry_at - time.monotonic()))

    def _connect(self) -> None:
        timeout = network.CONNECT_TIMEOUT
        if self._stall_time is not None:
            timeout = min(timeout, max(self._stall_time, SHORTEST_CONNECT_TIMEOUT))
        plain = network.connect(self._addresses, timeout=timeout)
        sock = connections.secured(plain, self._secret)
        with self._lock:
            if self._closing.is_set():
                sock.close()
                raise self._closed_error()
            self._socket = sock
            self._session.connected(now=time.monotonic(), nonce=os.urandom(NONCE_SIZE))
        while (deadline := self._session.next_deadline()) is not None:
            sock.settimeout(max(SHORTEST_TIMEOUT, deadline - time.monotonic()))
            self._send_pending()
            self._receive()
        sock.settimeout(self._stall_time)
        self._send_pending()

    def _send_pending(self) -> None:
        with self._lock:
            data = b"".join(self._session.data_to_send())
            if data:
                self._open_socket().sendall(data)

    def _receive(self) -> Piece | None:
        data = receive_exactly(self._open_socket(), self._session.wanted)
        with self._lock:
            return self._session.received(data)

    def _is_readable(self, timeout: float | None) -> bool:
        try:
            poll = connections.poller(self._open_socket())
        except ValueError:
            # another thread has just closed the socket
            raise self._closed_error() from None
        return bool(poll.poll(None if timeout is None else timeout * 1000))

    @contextlib.contextmanager
    def _reconnecting(self) -> Iterator[None]:
        """Close the connection if it fails, so that `_restore` reconnects.

        Raises:
            TransportError: If it has failed for too long, or the client is closed.
        """
        try:
            yield
        except (OSError, EOFError, TransportError) as error:
            self._disconnect(error)
            self._raise_if_over(error)
        except BaseException as error:
            # after a protocol error or an interrupt, unread parts of a response may remain
            self._disconnect(error)
            raise

    def _disconnect(self, error: BaseException) -> None:
        with self._lock:
            sock, self._socket = self._socket, None
            if sock is not None:
                sock.close()
            self._session.connection_lost(str(error), now=time.monotonic())

    def _open_socket(self) -> Connection:
        sock = self._socket
        if sock is None:
            # another thread may have closed the client while this one waited
            raise self._closed_error()
        return sock

    def _raise_if_over(self, cause: Exception | None = None) -> None:
        if self._closing.is_set():
            raise self._closed_error() from cause
        if self._session.state is ConnectionState.LOST:
            raise TransportError(self._session.loss) from cause

    def _closed_error(self) -> TransportError:
        return TransportError(f"the connection to the {self._server} has been closed")


def receive_exactly(sock: Connection, count: int) -> memoryview:
    """Receive a number of bytes into a new buffer.

    Raises:
        EOFError: If the connection is closed before all of them have arrived.
        OSError: If it fails.
    """
    buffer = memoryview(bytearray(count)) if count < LARGE else new_memory(count).data
    received = 0
    while received < count:
        got = sock.recv_into(buffer[received:])
        if got == 0:
            msg = "the other side closed the connection"
            raise EOFError(msg)
        received += got
    return buffer
