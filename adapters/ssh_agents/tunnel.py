"""Leads connections from a host to the manager through an SSH connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Final, final

import paramiko

from adapters.io.network import CONNECT_TIMEOUT, LOOPBACK, TUNNEL_HOST
from adapters.wire.locations import TCP, TcpAddress, format_location
from domain.errors import TransportError

PIECE: Final = 32768
"""Bytes to pass on at once. paramiko is slow if it gets more."""

ERRORS: Final = (paramiko.SSHException, OSError, EOFError)


@final
class ReverseTunnel:
    """Listens on the loopback interface of a host, and connects its clients to the manager.

    Args:
        transport: The SSH connection to the host.
        manager: Addresses of the manager, as seen from this machine.
    """

    def __init__(self, transport: paramiko.Transport, manager: Sequence[TcpAddress]) -> None:
        self._transport = transport
        local = [TcpAddress(LOOPBACK, address.port) for address in manager]
        others = [address for address in manager if ":" not in address.host]
        self._addresses = tuple(dict.fromkeys([*local, *others]))
        self._connections: dict[threading.Thread, _Connection] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    def open(self) -> str:
        """Start to listen; return the location of the manager for programs on the host.

        Raises:
            TransportError: If the SSH server refuses it.
        """
        try:
            port = self._transport.request_port_forward("localhost", 0, self._accept)
        except ERRORS as error:
            msg = (
                f"the SSH server refuses the tunnel to the manager: {error}. Its option"
                " AllowTcpForwarding must be 'yes' or 'remote'"
            )
            raise TransportError(msg) from error
        # a name, since an instance takes a manager at 127.0.0.1 for one on the same machine
        return format_location(TCP, [TcpAddress("localhost", port)])

    def close(self) -> None:
        """End all connections, and wait for their threads."""
        with self._lock:
            self._is_closed = True
            connections = dict(self._connections)
        for connection in connections.values():
            connection.end()
        for thread in connections:
            thread.join()

    def _accept(
        self, channel: paramiko.Channel, _origin: tuple[str, int], _server: tuple[str, int]
    ) -> None:
        """Serve a connection. Called on paramiko's thread, which must not be blocked."""
        connection = _Connection(channel, self._addresses)
        thread = threading.Thread(target=connection.run, name="conjoin-ssh-tunnel", daemon=True)
        with self._lock:
            if self._is_closed:
                _close(channel)
                return
            for ended in [item for item in self._connections if not item.is_alive()]:
                del self._connections[ended]
            thread.start()
            self._connections[thread] = connection


@final
class _Connection:
    """A connection of a program on the host to the manager.

    Args:
        channel: The end towards the program.
        addresses: Addresses of the manager.
    """

    def __init__(self, channel: paramiko.Channel, addresses: Sequence[TcpAddress]) -> None:
        self._channel = channel
        self._addresses = addresses
        self._sock: socket.socket | None = None
        self._is_ended = False
        self._lock = threading.Lock()

    def run(self) -> None:
        """Pass data on until both ends are closed."""
        sock = _connect(self._addresses)
        if sock is not None:
            with self._lock:
                self._sock = sock
                is_ended = self._is_ended
            if is_ended:
                self.end()
            back = threading.Thread(
                target=self._copy,
                args=(sock.recv, self._channel.sendall, self._channel.shutdown_write),
                name="conjoin-ssh-tunnel-back",
                daemon=True,
            )
            back.start()
            self._copy(self._channel.recv, sock.sendall, lambda: sock.shutdown(socket.SHUT_WR))
            back.join()
            sock.close()
        _close(self._channel)

    def end(self) -> None:
        """Make `run` return. Thread-safe."""
        with self._lock:
            self._is_ended = True
            sock = self._sock
        _close(self._channel)
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _copy(
        self,
        read: Callable[[int], bytes],
        write: Callable[[bytes], object],
        finish: Callable[[], object],
    ) -> None:
        try:
            while data := read(PIECE):
                write(data)
            finish()
        except ERRORS:
            self.end()


def _close(channel: paramiko.Channel) -> None:
    # the SSH connection may be gone already
    with contextlib.suppress(*ERRORS):
        channel.close()


def _connect(addresses: Sequence[TcpAddress]) -> socket.socket | None:
    """Connect to the manager; return None if it no longer listens.

    The source address marks the connection: it comes from another machine, although this process
    opens it.
    """
    for address in addresses:
        with contextlib.suppress(OSError):
            sock = socket.create_connection(
                address, CONNECT_TIMEOUT, source_address=(TUNNEL_HOST, 0)
            )
            sock.settimeout(None)
            return sock
    return None
