"""The client's side of a session: requests that survive a lost connection."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Sequence
from typing import Final

from adapters.tcp import network
from adapters.tcp.memory import LARGE, new_memory
from adapters.wire import greeting, locations
from adapters.wire.frames import WORD, WORD_SIZE, checked_length, word
from domain.errors import RemoteProtocolError, TransportError

FIRST_PAUSE: Final = 0.5
PAUSE_GROWTH: Final = 2 ** (1 / 3)
RETRY_TIME: Final = 60.0
MAX_RESPONSE: Final = 2**40
GOODBYE_TIME: Final = 1.0
LEAST_CONNECT_TIMEOUT: Final = 0.5


class SessionClient:
    """A session with a server, over as many connections as it takes.

    One request is outstanding at a time: `begin` sends it, `wait` returns the response; `call` does
    both. Only `call` may be used from several threads.

    Args:
        server_locations: Where the server can be reached.
        secret: The run's secret if the server is one of ours, else None.
        server: What to call the server in errors.
        retry_time: How many seconds to keep trying to get a request through.
    """

    def __init__(
        self,
        server_locations: Sequence[str],
        *,
        secret: str | None = None,
        server: str = "server",
        retry_time: float = RETRY_TIME,
    ) -> None:
        self._addresses = locations.addresses_in(server_locations, locations.TCP)
        self._secret = secret
        self._server = server
        self._retry_time = retry_time
        self._stall_time: float | None = None
        self._lost_for_good = ""
        self._session_id = 0
        self._number = 0
        self._request: bytes = b""
        self._socket: socket.socket | None = None
        self._deadline: float | None = None
        self._connected_at = 0.0
        self._pause = 0.0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._closing = threading.Event()

    def call(self, request: bytes) -> memoryview:
        """Send a request and return the response.

        Raises:
            TransportError: If it does not get through within the retry time.
        """
        with self._lock:
            self.begin(request)
            response = self.wait(timeout=None)
        assert response is not None
        return response

    def begin(self, request: bytes) -> None:
        """Send a request.

        Raises:
            TransportError: If it does not get through within the retry time.
        """
        if self._closing.is_set():
            raise TransportError(f"the connection to the {self._server} has been closed")
        if self._lost_for_good:
            raise TransportError(self._lost_for_good)
        self._number += 1
        self._request = request
        self._deadline = None
        self._pause = 0.0
        if self._socket is None:
            self._reconnect()
        else:
            self._send_or_reconnect()

    def wait(self, *, timeout: float | None) -> memoryview | None:
        """Return the response to the request that was begun.

        Args:
            timeout: How many seconds to wait for it to begin to arrive; None for ever.

        Returns:
            The response; None if the time is over.

        Raises:
            TransportError: If the connection was lost for longer than the retry time.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not self._is_readable(left):
                return None
            try:
                return self._read_response()
            except (OSError, EOFError) as error:
                self._lose(error)
                self._reconnect()

    def limit_retries(self, seconds: float) -> None:
        """Give up sooner on a lost connection, or on a server that stalls, from now on."""
        self._retry_time = min(self._retry_time, seconds)
        if self._deadline is not None:
            self._deadline = min(self._deadline, time.monotonic() + seconds)
        self._stall_time = seconds
        if self._socket is not None:
            with contextlib.suppress(OSError):  # another thread may close it just now
                self._socket.settimeout(seconds)

    def close(self) -> None:
        """End the session and the connection. May be called more than once, from any thread."""
        self._closing.set()
        # Another thread may be about to send a request. That comes before the goodbye or not at
        # all; in the middle of one that the server does not take there can be no goodbye.
        may_write = self._writing.acquire(timeout=GOODBYE_TIME)
        sock, self._socket = self._socket, None
        if sock is not None:
            with contextlib.suppress(OSError):
                if may_write:
                    sock.settimeout(GOODBYE_TIME)
                    sock.sendall(word(0))
            with contextlib.suppress(OSError):
                # a thread that waits for an answer wakes up
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        if may_write:
            self._writing.release()

    def _is_readable(self, timeout: float | None) -> bool:
        poll = select.poll()
        try:
            poll.register(self._open_socket(), select.POLLIN)
        except ValueError:
            # another thread has closed it just now
            raise self._closed_error() from None
        return bool(poll.poll(None if timeout is None else timeout * 1000))

    def _open_socket(self) -> socket.socket:
        sock = self._socket
        if sock is None:
            # another thread may have closed it while this one waited
            raise self._closed_error()
        return sock

    def _closed_error(self) -> TransportError:
        return TransportError(f"the connection to the {self._server} has been closed")

    def _send_or_reconnect(self) -> None:
        try:
            self._send_request()
        except OSError as error:
            self._lose(error)
            self._reconnect()

    def _reconnect(self) -> None:
        """Connect, and send the current request, until it works or the time is over."""
        while True:
            if self._closing.is_set():
                raise self._closed_error()
            try:
                self._connect()
                self._send_request()
            except (OSError, EOFError, TransportError) as error:
                self._lose(error)
            else:
                return

    def _lose(self, error: Exception) -> None:
        """Note a failure: pause before the next try, or give up."""
        now = time.monotonic()
        has_worked = self._socket is not None and now - self._connected_at > self._retry_time
        self._drop()
        if self._deadline is None or has_worked:
            # a request may wait for hours for its response, and be cut off more than once
            self._deadline = now + self._retry_time
            self._pause = 0.0
        if now + self._pause > self._deadline or self._closing.is_set():
            msg = f"the connection to the {self._server} was lost for good: {error}"
            # who has waited for so long does not wait again for each request that is left to make
            self._lost_for_good = msg
            raise TransportError(msg) from error
        self._closing.wait(self._pause)
        self._pause = self._pause * PAUSE_GROWTH if self._pause else FIRST_PAUSE

    def _drop(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()

    def _connect(self) -> None:
        timeout = min(network.CONNECT_TIMEOUT, max(self._retry_time, LEAST_CONNECT_TIMEOUT))
        sock = network.connect(self._addresses, timeout=timeout)
        try:
            sock.settimeout(self._retry_time)
            if self._secret is not None:
                greet(sock, self._secret, greeting.Purpose.SESSION)
            sock.sendall(word(self._session_id))
            session_id = WORD.unpack(receive_exactly(sock, WORD_SIZE))[0]
            if self._session_id not in (0, session_id):
                msg = f"the {self._server} resumed another session than it was asked for"
                raise RemoteProtocolError(msg)
            sock.settimeout(self._stall_time)
        except BaseException:
            sock.close()
            raise
        self._session_id = session_id
        self._socket = sock
        self._connected_at = time.monotonic()
        if self._closing.is_set():
            # closed by another thread, which may have found nothing to close
            self.close()
            raise self._closed_error()

    def _send_request(self) -> None:
        header = word(self._number) + word(len(self._request))
        with self._writing:
            self._open_socket().sendall(header + self._request)

    def _read_response(self) -> memoryview:
        sock = self._open_socket()
        length = WORD.unpack(receive_exactly(sock, WORD_SIZE))[0]
        try:
            return receive_exactly(sock, checked_length(length, MAX_RESPONSE))
        except RemoteProtocolError:
            self._drop()
            raise


def greet(sock: socket.socket, secret: str, purpose: greeting.Purpose) -> None:
    """Prove to a server of ours that we belong to its run, and have it prove the same.

    Raises:
        OSError: If the connection fails.
        EOFError: If it is closed.
        RemoteProtocolError: If the server does not know the secret.
    """
    nonce = os.urandom(greeting.NONCE_SIZE)
    sock.sendall(greeting.client_hello(nonce))
    answer = bytes(receive_exactly(sock, greeting.ANSWER_SIZE))
    sock.sendall(greeting.client_finish(secret, nonce, answer, purpose))


def receive_exactly(sock: socket.socket, count: int) -> memoryview:
    """Receive a number of bytes into a buffer of their own.

    Raises:
        EOFError: If the connection is closed before they are all there.
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
