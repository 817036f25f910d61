"""Finds addresses of this machine, opens sockets, and sends without blocking."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import resource
import socket
import struct
import sys
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from adapters.wire.locations import Address, TcpAddress, UnixAddress
from domain.errors import TransportError

CONNECT_TIMEOUT = 3.0
LOOPBACK = "127.0.0.1"
TUNNEL_HOST = "127.0.0.2"
"""Source address of connections that lead from other machines through a tunnel to this one."""
ANY_IPV4 = "0.0.0.0"
ANY_IPV6 = "::"
IS_LINUX = sys.platform.startswith("linux")
HAS_ABSTRACT_SOCKETS = IS_LINUX

KEEPALIVE_IDLE = 60
"""Seconds without traffic after which TCP checks whether the other machine is still there."""

KEEPALIVE_INTERVAL = 15
KEEPALIVE_COUNT = 4

_TCP_INFO = struct.Struct("=3xB20xI")
"""The beginning of Linux's tcp_info: probes without an answer, and segments without one."""

USER_TIMEOUT = 120_000
"""Milliseconds without a response after which TCP gives up a connection to another machine."""

MAX_BUFFERS = 512
"""Maximum number of buffers to send with one call; below any system's limit."""

_CREDENTIALS = struct.Struct("iII")
"""Process id, user id and group id of the peer of a Unix socket, on Linux."""

_TRANSIENT = frozenset(
    {
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.ETIMEDOUT,
        errno.EAGAIN,
        errno.EPIPE,
    }
)


@lru_cache(maxsize=1)
def host_identity() -> str:
    """Return an identifier of this machine and network namespace."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot_id:
            boot = boot_id.read().strip()
        namespace = os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116 - pathlib takes 3 ms to import
    except OSError:
        return socket.gethostname()
    return f"{boot}-{namespace}"


def own_hosts() -> list[str]:
    """Return the addresses at which this machine can be reached, most likely first.

    They are the addresses of the interfaces that are up, IPv4 before IPv6. Loopback is included
    only if there is no other.
    """
    import ipaddress

    import psutil

    hosts: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    states = psutil.net_if_stats()
    for name, addresses in psutil.net_if_addrs().items():
        if name in states and not states[name].isup:
            continue
        for item in addresses:
            if item.family in (socket.AF_INET, socket.AF_INET6):
                with contextlib.suppress(ValueError):
                    hosts.append(ipaddress.ip_address(item.address))
    routable = [host for host in hosts if not host.is_loopback and not host.is_link_local]
    default = _address_towards_outside()
    routable.sort(key=lambda host: (host.version, str(host) != default, not host.is_private))
    return [str(host) for host in routable] or [LOOPBACK]


def _address_towards_outside() -> str:
    # Connecting a datagram socket sends nothing, but selects the local address that packets to the
    # target would have. The target is an address reserved for documentation.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def is_numeric(host: str) -> bool:
    """Whether a host is an IP address, which needs no name lookup."""
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return True


def is_own(address: str) -> bool:
    """Whether an IPv4 or IPv6 address belongs to this machine."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def reachable(addresses: Sequence[Address]) -> list[Address]:
    """Return the addresses that may be reachable from this machine, Unix sockets first."""
    here = host_identity()
    unix = [item for item in addresses if isinstance(item, UnixAddress) and item.host == here]
    tcp = [item for item in addresses if isinstance(item, TcpAddress)]
    return [*(unix if HAS_ABSTRACT_SOCKETS else []), *tcp]


def connect(addresses: Sequence[Address], *, timeout: float = CONNECT_TIMEOUT) -> socket.socket:
    """Connect to the first address that answers; return the socket.

    Args:
        addresses: Addresses to try, in order; for a host name, all its addresses.
        timeout: Seconds to wait for each address.

    Raises:
        TransportError: If none answers. The error is transient if an address may answer later; if
            all of them refuse the connection, the process is gone.
    """
    failures: list[str] = []
    transient = False
    for address in reachable(addresses):
        try:
            return _connect_one(address, timeout)
        except OSError as error:
            failures.append(f"{address}: {error.strerror or error}")
            transient |= error.errno in _TRANSIENT or isinstance(error, TimeoutError)
    tried = "; ".join(failures) or "it has no address that can be used here"
    msg = f"cannot connect ({tried})"
    raise TransportError(msg, transient=transient)


def _connect_one(address: Address, timeout: float) -> socket.socket:
    if isinstance(address, UnixAddress):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout)
            sock.connect(b"\0" + address.name.encode())
            _check_own_user(sock)
        except OSError:
            sock.close()
            raise
    else:
        # create_connection tries all results of the lookup in turn
        sock = socket.create_connection((address.host, address.port), timeout=timeout)
        set_tcp_options(sock)
    sock.settimeout(None)
    return sock


def set_tcp_options(sock: socket.socket) -> None:
    """Send without delay, and detect that the machine at the other end is gone.

    Every TCP connection gets these options, at both ends. Without them, a machine that loses its
    power or its network is noticed only after hours, or never.

    Args:
        sock: A connected socket. Nothing is done for a Unix socket, or if its peer has left.
    """
    if sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE),  # macOS has another name for it
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL),
        ("TCP_KEEPCNT", KEEPALIVE_COUNT),
    ):
        _set_if_known(sock, name, value)
    with contextlib.suppress(OSError):  # the peer has left already
        # a program on this machine may be paused for any time; its end closes the connection
        if sock.getpeername()[0] != sock.getsockname()[0]:
            _set_if_known(sock, "TCP_USER_TIMEOUT", USER_TIMEOUT)


class _WithOptions(Protocol):
    @property
    def family(self) -> int: ...

    def setsockopt(self, level: int, name: int, value: int, /) -> None: ...


def wait_for_slow_receiver(sock: _WithOptions) -> None:
    """Never give up a TCP connection because its receiver has no space for more data.

    With a user timeout, Linux ends such a connection, although the receiver responds: it may
    compute for hours between two messages. Keepalive still detects that its machine is gone.
    """
    if sock.family != socket.AF_UNIX:
        _set_if_known(sock, "TCP_USER_TIMEOUT", 0)


class _WithInfo(Protocol):
    @property
    def family(self) -> int: ...

    def getsockopt(self, level: int, name: int, size: int, /) -> bytes: ...


def is_in_transit(sock: _WithInfo) -> bool:
    """Return whether the machine at the other end has not acknowledged all that was sent to it.

    This is normal for milliseconds. If it lasts, the network between the machines is cut. Data for
    which the receiver has no space yet does not count, as long as its machine responds.

    Args:
        sock: A connected socket. The answer is False for Unix sockets, for a socket that has been
            closed, and if the system does not provide this information, as on macOS.
    """
    option = getattr(socket, "TCP_INFO", None)
    if option is None or not IS_LINUX or sock.family == socket.AF_UNIX:
        return False
    try:
        probes, unacknowledged = _TCP_INFO.unpack(
            sock.getsockopt(socket.IPPROTO_TCP, option, _TCP_INFO.size)
        )
    except OSError:
        return False
    return bool(unacknowledged or probes)


def _set_if_known(sock: _WithOptions, name: str, value: int) -> None:
    option = getattr(socket, name, None)
    if option is not None:
        sock.setsockopt(socket.IPPROTO_TCP, option, value)


def is_own_user(sock: socket.socket) -> bool:
    """Whether the program at the other end of a Unix socket belongs to this process's user."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return bool(_CREDENTIALS.unpack(credentials)[1] == os.geteuid())


def _check_own_user(sock: socket.socket) -> None:
    """Check who listens on a Unix socket: any user can take the name of one that was closed.

    Raises:
        PermissionError: If it is another user's program.
    """
    if not is_own_user(sock):
        raise PermissionError(errno.EPERM, "the socket belongs to another user")


def listen(host: str, port: int, *, backlog: int = 4096) -> socket.socket:
    """Return a listening, non-blocking TCP socket.

    Args:
        host: Address to listen on; empty for all.
        port: Port to listen on; 0 for any.
        backlog: Number of clients that may wait to be accepted.

    Raises:
        OSError: If it cannot be opened.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.listen(backlog)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def listen_unix(name: str, *, backlog: int = 4096) -> socket.socket:
    """Return a listening, non-blocking abstract Unix socket, which leaves no file behind."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(b"\0" + name.encode())
        sock.listen(backlog)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def allow_many_files() -> int:
    """Raise this process's limit on open files as far as possible without privileges.

    Returns:
        The new limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


class _Sender(Protocol):
    def sendmsg(self, buffers: list[memoryview], /) -> int:
        """Send what the socket accepts; return the number of bytes."""


def send_some(sock: _Sender, outgoing: deque[memoryview]) -> int:
    """Send as much as a non-blocking socket accepts of a queue, and dequeue what was sent.

    Returns:
        Number of bytes that were sent.

    Raises:
        OSError: If the connection is gone.
    """
    total = 0
    while outgoing:
        try:
            sent = sock.sendmsg(list(itertools.islice(outgoing, MAX_BUFFERS)))
        except (BlockingIOError, InterruptedError):
            break
        total += sent
        remove_front(outgoing, sent)
    return total


def remove_front(outgoing: deque[memoryview], count: int) -> None:
    """Remove a number of bytes from the front of a queue of buffers."""
    while count:
        first = outgoing[0]
        if len(first) <= count:
            count -= len(first)
            outgoing.popleft()
        else:
            outgoing[0] = first[count:]
            return
