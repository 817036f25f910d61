"""Connects to the addresses of an instance to find out whether its program still runs."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, final

from adapters.io import network
from adapters.io.event_loop import READABLE, WRITABLE, EventLoop, ScheduledCall
from adapters.wire.locations import CONJOIN, TCP, TcpAddress, addresses_in
from application.interfaces.instance_probe import InstanceProbe
from domain.running.presence import Presence

ACCEPTED: Final = 0
_NO_NETWORK: Final = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


@final
class TcpInstanceProbe(InstanceProbe):
    """Connects to instances, and closes the connections without sending anything.

    Args:
        loop: Watches the sockets; runs on the thread of the manager's services.
        timeout: Seconds to wait for an answer.
    """

    def __init__(self, loop: EventLoop, *, timeout: float = network.CONNECT_TIMEOUT) -> None:
        self._loop = loop
        self._timeout = timeout
        self._probes: set[_Probe] = set()

    def look(self, locations: Sequence[str], found: Callable[[Presence], None]) -> None:
        def finish(presence: Presence) -> None:
            self._probes.discard(probe)
            found(presence)

        def start() -> None:
            self._probes.add(probe)
            probe.start(_conclusive_addresses(locations), self._timeout)

        probe = _Probe(self._loop, finish)
        self._loop.call_soon(start)

    def close(self) -> None:
        if self._loop.is_running:
            self._loop.call_soon(self._close_all)
        else:
            self._close_all()

    def _close_all(self) -> None:
        while self._probes:
            self._probes.pop().close()


class _Probe:
    """Tries to connect to several addresses at the same time. For the loop's thread only."""

    def __init__(self, loop: EventLoop, finish: Callable[[Presence], None]) -> None:
        self._loop = loop
        self._finish = finish
        self._connecting: set[socket.socket] = set()
        self._answers: set[int] = set()
        self._end: ScheduledCall | None = None

    def start(self, addresses: Sequence[TcpAddress], timeout: float) -> None:
        """Start connecting to each address."""
        self._end = self._loop.call_later(timeout, self._conclude)
        for address in addresses:
            self._connect(address)
        self._conclude_if_known()

    def close(self) -> None:
        """Stop all connection attempts."""
        if self._end is not None:
            self._end.cancel()
        for sock in self._connecting:
            self._loop.unwatch(sock)
            sock.close()
        self._connecting.clear()

    def _connect(self, address: TcpAddress) -> None:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self._answers.add(error.errno or errno.EIO)
            return
        sock.setblocking(False)
        answer = sock.connect_ex((address.host, address.port))
        if answer == errno.EINPROGRESS:
            self._connecting.add(sock)
            self._loop.watch(sock, partial(self._note_answer, sock), events=READABLE | WRITABLE)
        else:
            sock.close()
            self._answers.add(answer)

    def _note_answer(self, sock: socket.socket) -> None:
        if sock not in self._connecting:
            return  # another address answered in the same iteration of the loop, which is enough
        self._answers.add(answer_on(sock))
        self._connecting.discard(sock)
        self._loop.unwatch(sock)
        sock.close()
        self._conclude_if_known()

    def _conclude_if_known(self) -> None:
        if not self._connecting or ACCEPTED in self._answers:
            self._conclude()

    def _conclude(self) -> None:
        self.close()
        if ACCEPTED in self._answers:
            self._finish(Presence.THERE)
        elif errno.ECONNREFUSED in self._answers:
            self._finish(Presence.GONE)
        else:
            self._finish(Presence.UNKNOWN)


def refuses_connections(
    locations: Sequence[str], *, timeout: float = network.CONNECT_TIMEOUT
) -> bool:
    """Return whether an instance is gone: all addresses with a route refuse connections.

    This blocks for up to the timeout for each address.

    Args:
        locations: Last known locations of the instance.
        timeout: Seconds to wait for each address.
    """
    answers = {_answer(address, timeout) for address in _conclusive_addresses(locations)}
    return errno.ECONNREFUSED in answers and answers <= {errno.ECONNREFUSED, *_NO_NETWORK}


def _answer(address: TcpAddress, timeout: float) -> int:
    try:
        with socket.create_connection((address.host, address.port), timeout=timeout) as sock:
            return answer_on(sock)
    except OSError as error:
        return error.errno or errno.ETIMEDOUT


def answer_on(sock: socket.socket) -> int:
    """Return the result of a connection attempt: zero if accepted, else the error number."""
    answer = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    try:
        # If the port is on this machine and unused, the system may choose it for the connecting
        # socket, which then connects to itself.
        is_itself = answer == ACCEPTED and sock.getsockname() == sock.getpeername()
    except OSError:
        return answer  # the peer has disconnected since, but it was running
    return errno.ECONNREFUSED if is_itself else answer


def _conclusive_addresses(locations: Sequence[str]) -> list[TcpAddress]:
    """Return the addresses whose answers show whether the instance runs.

    Host names are omitted, because looking them up can take long. This machine's own addresses,
    such as that of a container bridge, are omitted if there are others, because the instance then
    runs on another machine.
    """
    # a peer that has the secret of the run may be known by its own locations only
    published = addresses_in(locations, TCP) + addresses_in(locations, CONJOIN)
    addresses = [
        address
        for address in dict.fromkeys(published)
        if isinstance(address, TcpAddress) and network.is_numeric(address.host)
    ]
    return [item for item in addresses if not network.is_own(item.host)] or addresses
