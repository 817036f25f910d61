"""The sockets on which a server listens."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Sequence
from typing import Final, final

from adapters.io import network
from adapters.io.event_loop import EventLoop
from adapters.wire.locations import TcpAddress, UnixAddress

ACCEPT_PAUSE: Final = 0.5
ACCEPTED_AT_ONCE: Final = 100
_TOO_MANY_FILES: Final = (errno.EMFILE, errno.ENFILE)


@final
class Listeners:
    """Listens on sockets, and accepts connections on the thread of a loop.

    Args:
        loop: Calls back when there are connections to accept.
        on_accepted: Takes over the socket of a new connection, and a name for its peer.
        on_error: Called with a message when connections cannot be accepted, and not again before
            one has been accepted.
        make_room: Closes a connection when there are too many open files, and returns whether there
            was one that could be closed.
    """

    def __init__(
        self,
        loop: EventLoop,
        *,
        on_accepted: Callable[[socket.socket, str], None],
        on_error: Callable[[str], None],
        make_room: Callable[[], bool] = lambda: False,
    ) -> None:
        self._loop = loop
        self._on_accepted = on_accepted
        self._on_error = on_error
        self._make_room = make_room
        self._sockets: list[socket.socket] = []
        self._cannot_accept = False

    def listen(self, hosts: Sequence[str], *, port: int | None = None) -> list[TcpAddress]:
        """Listen on all of the hosts' addresses at one port. See `Server.listen`."""
        addresses: list[TcpAddress] = []
        chosen = 0
        failure: OSError | None = None
        for host in hosts:
            try:
                listener = _listen_on(host, chosen or port or 0, must_have=bool(chosen))
            except OSError as error:
                failure = error
                continue
            self._add(listener)
            chosen = listener.getsockname()[1]
            addresses.append(TcpAddress(host, chosen))
        if not addresses:
            raise failure or OSError("there is no address to listen on")
        return addresses

    def listen_everywhere(self, *, port: int | None = None) -> list[TcpAddress]:
        """Listen on all addresses of this machine. See `Server.listen_everywhere`."""
        listening = self.listen([network.ANY_IPV4, network.ANY_IPV6], port=port)
        kinds = {":" in address.host for address in listening}
        return [
            TcpAddress(host, listening[0].port)
            for host in network.own_hosts()
            if (":" in host) in kinds
        ]

    def listen_unix(self) -> UnixAddress | None:
        """Listen on an abstract Unix socket; return None if the system has none."""
        if not network.HAS_ABSTRACT_SOCKETS:
            return None
        name = f"conjoin-{os.urandom(16).hex()}"
        self._add(network.listen_unix(name))
        return UnixAddress(network.host_identity(), name)

    def close(self) -> None:
        """Close the sockets. The loop must have been closed before."""
        for listener in self._sockets:
            listener.close()

    def _add(self, listener: socket.socket) -> None:
        self._sockets.append(listener)
        self._accept_from(listener)

    def _accept_from(self, listener: socket.socket) -> None:
        self._loop.watch(listener, lambda: self._accept_all(listener))

    def _accept_all(self, listener: socket.socket) -> None:
        # accept a bounded number, so that many new connections do not starve existing ones
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                sock, address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _TOO_MANY_FILES and self._make_room():
                    continue
                self._stop_accepting_for_now(listener, error)
                return
            self._cannot_accept = False
            self._on_accepted(sock, str(address[0]) if address else "this machine")

    def _stop_accepting_for_now(self, listener: socket.socket, error: OSError) -> None:
        # Most likely, too many files are open. The client stays in the queue and the listener
        # readable, so without a pause this thread would retry continuously.
        if not self._cannot_accept:
            self._on_error(f"could not accept a connection: {error}")
        self._cannot_accept = True
        self._loop.unwatch(listener)
        self._loop.call_later(ACCEPT_PAUSE, lambda: self._accept_from(listener))


def _listen_on(host: str, port: int, *, must_have: bool) -> socket.socket:
    try:
        return network.listen(host, port)
    except OSError:
        if must_have or port == 0:
            raise
        return network.listen(host, 0)
