"""Connections between programs of a run: plain on one machine, encrypted between machines."""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from adapters.io.encrypted_socket import EncryptedSocket
from adapters.wire.locations import TcpAddress, is_loopback_host
from domain.errors import TransportError

Connection: TypeAlias = socket.socket | EncryptedSocket


class Poller(Protocol):
    """Waits until a connection has something to read."""

    def poll(self, timeout: float | None = None, /) -> object:
        """Return something true if it has, within a number of milliseconds."""


def secured(sock: socket.socket, secret: str | None) -> Connection:
    """Return the connection to use with a server that a socket has been connected to.

    It is encrypted if the server is one of ours and has another address than loopback. There is no
    fallback: a server that does not encrypt is refused when the first bytes are exchanged.

    Args:
        sock: The socket.
        secret: The run's secret if the server is one of ours, else None.

    Raises:
        TransportError: If the server has closed the connection.
    """
    if secret is None or sock.family == socket.AF_UNIX:
        return sock
    try:
        (host, *_) = sock.getpeername()
    except OSError as error:
        sock.close()
        msg = f"the server closed the connection: {error}"
        raise TransportError(msg, transient=True) from error
    if is_loopback_host(host):
        return sock
    return _encrypted(sock, secret, is_server=False)


def accepted(sock: socket.socket, secret: str, *, first: bytes) -> EncryptedSocket:
    """Return the connection to use with a client that has begun to encrypt.

    Args:
        sock: The socket.
        secret: The run's secret.
        first: Bytes that have been received from the client.
    """
    return _encrypted(sock, secret, is_server=True, first=first)


def prepare(secret: str | None, addresses: Sequence[TcpAddress]) -> None:
    """Load what a server needs to encrypt, so that its event loop need not do it later.

    Args:
        secret: The run's secret, if the server has it.
        addresses: Where it listens. Nothing is loaded if no other machine reaches it.
    """
    if secret is None or all(is_loopback_host(address.host) for address in addresses):
        return
    # imported late, because most runs stay on one machine
    from adapters.io.encryption import run_encryption

    run_encryption(secret)


def poller(connection: Connection) -> Poller:
    """Return an object that waits until a connection has something to read."""
    if isinstance(connection, EncryptedSocket):
        return connection
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return poll


def _encrypted(
    sock: socket.socket, secret: str, *, is_server: bool, first: bytes = b""
) -> EncryptedSocket:
    # imported late, because most runs stay on one machine
    from adapters.io.encryption import EncryptedChannel, run_encryption

    channel = EncryptedChannel(run_encryption(secret), is_server=is_server)
    return EncryptedSocket(sock, channel, first=first)
