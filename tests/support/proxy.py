"""Base class of TCP proxies between a client and a server.

Tests use proxies to record the traffic, or to cut connections.
"""

import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

from tests.support.conditions import PATIENCE

Address: TypeAlias = tuple[str, int]
Target: TypeAlias = Callable[[], Address]
Rewriter: TypeAlias = Callable[[bytes], bytes]

WORD = 8


class Proxy(ABC):
    """Listens on loopback, and relays each connection to one server on its own thread.

    Args:
        target: Returns the server's address; called for each connection.
        name: Name of the thread that accepts connections.
    """

    def __init__(self, target: Target, *, name: str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._relays: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._passes = threading.Event()
        self._passes.set()
        self._thread = threading.Thread(target=self._accept, name=name, daemon=True)
        self._thread.start()

    @abstractmethod
    def relay(self, client: socket.socket, server: socket.socket) -> None:
        """Forward data between client and server until the connection ends."""

    @property
    def location(self) -> str:
        """The location at which clients find the proxy."""
        return f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"

    def interrupt(self) -> None:
        """Cut all connections; new ones are accepted, but not forwarded."""
        self._passes.clear()
        self._cut()

    def resume(self) -> None:
        """Forward connections again, including those that have waited."""
        self._passes.set()

    def wait_until_over(self) -> None:
        """Wait until all data has been forwarded, after the clients or the server have ended."""
        for relay in self._relays:
            relay.join(PATIENCE)
            assert not relay.is_alive(), "a connection through the proxy is still open"

    def close(self) -> None:
        """End all connections and wait for the threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._passes.set()
        self._thread.join()
        self._listener.close()
        self._cut()
        for relay in self._relays:
            relay.join()

    def _cut(self) -> None:
        for connection in list(self._sockets):
            _shut_down(connection)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._passes.wait()
            try:
                server = socket.create_connection(self._target())
            except OSError:
                client.close()
                continue
            self._sockets += [client, server]
            relay = threading.Thread(target=self._relay, args=(client, server), daemon=True)
            self._relays.append(relay)
            relay.start()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        for connection in (client, server):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, server:
            try:
                self.relay(client, server)
            except (EOFError, OSError):
                return


def receive(source: socket.socket, count: int) -> bytes:
    """Receive a number of bytes.

    Raises:
        EOFError: If the connection is closed before all have arrived.
    """
    parts = bytearray()
    while len(parts) < count:
        part = source.recv(count - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _shut_down(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
