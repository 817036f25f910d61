"""Looks up the other end of a TCP connection on this machine (Linux)."""

from __future__ import annotations

import contextlib
import socket
import struct
from pathlib import Path
from typing import Final, NamedTuple

PROC: Final = Path("/proc")

_SOCK_DIAG: Final = 4
"""Netlink's protocol for lists of sockets, from linux/netlink.h."""

_DIAG_BY_FAMILY: Final = 20
_REQUEST: Final = 1
_HEADER: Final = struct.Struct("=IHHII")
_QUERY: Final = struct.Struct("=BBBBI")
_NO_COOKIE: Final = b"\xff" * 8
_ALL_STATES: Final = 0xFFFFFFFF
_ANSWER: Final = struct.Struct("=BB2x")
_PORTS: Final = struct.Struct(">HH")
_REST: Final = struct.Struct("=IIIII")
_LISTENING: Final = 10
_ANSWER_TIME: Final = 1.0

_ENTRY_STATE, _ENTRY_UID, _ENTRY_INODE = 3, 7, 9


class SocketEntry(NamedTuple):
    """A socket in the system's table.

    Attributes:
        uid: Id of the user that opened it.
        inode: Number of the socket; 0 if its program has closed it.
    """

    uid: int
    inode: int


Address = tuple[str, int]


def find_socket(local: Address, remote: Address, *, proc: Path = PROC) -> SocketEntry | None:
    """Return the connected socket with these addresses; None if it is not on this machine.

    Args:
        local: Address and port of its own end.
        remote: Address and port of the end that it is connected to.
        proc: Mount point of procfs, which is read if the kernel does not offer a faster way.
    """
    try:
        return find_by_netlink(local, remote)
    except OSError:
        return find_in_files(local, remote, proc=proc)


def find_by_netlink(local: Address, remote: Address) -> SocketEntry | None:
    """Look a socket up by netlink: one exchange of messages with the kernel.

    Raises:
        OSError: If the kernel does not support it.
    """
    family, own, other = _packed(local[0], remote[0])
    ends = _PORTS.pack(local[1], remote[1]) + own.ljust(16, b"\0") + other.ljust(16, b"\0")
    query = _QUERY.pack(family, socket.IPPROTO_TCP, 0, 0, _ALL_STATES)
    body = query + ends + struct.pack("=I", 0) + _NO_COOKIE
    header = _HEADER.pack(_HEADER.size + len(body), _DIAG_BY_FAMILY, _REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as netlink:
        netlink.settimeout(_ANSWER_TIME)
        netlink.send(header + body)
        answer = netlink.recv(4096)
    return _parse_answer(answer, ends)


def find_in_files(local: Address, remote: Address, *, proc: Path = PROC) -> SocketEntry | None:
    """Look a socket up in procfs's tables, which is slow if there are many connections."""
    for name, is_mapped in (("tcp", False), ("tcp6", False), ("tcp6", True)):
        ends = _entry(local, is_mapped=is_mapped), _entry(remote, is_mapped=is_mapped)
        found = _find_line(proc / "net" / name, f" {ends[0]} {ends[1]} ".encode())
        if found is not None:
            return found
    return None


def _packed(*hosts: str) -> tuple[int, bytes, bytes]:
    if any(":" in host for host in hosts):
        own, other = (socket.inet_pton(socket.AF_INET6, _without_scope(host)) for host in hosts)
        return socket.AF_INET6, own, other
    own, other = (socket.inet_pton(socket.AF_INET, host) for host in hosts)
    return socket.AF_INET, own, other


def _without_scope(host: str) -> str:
    return host.partition("%")[0]


def _parse_answer(answer: bytes, ends: bytes) -> SocketEntry | None:
    _, kind, *_ = _HEADER.unpack_from(answer)
    if kind != _DIAG_BY_FAMILY:
        (error,) = struct.unpack_from("=i", answer, _HEADER.size)
        if error == -_NOT_FOUND:
            return None
        raise OSError(-error, "netlink cannot look up a socket")
    body = answer[_HEADER.size :]
    _, state = _ANSWER.unpack_from(body)
    found = body[_ANSWER.size : _ANSWER.size + len(ends)]
    # the kernel answers with a listening socket of that port if no connection fits
    if state == _LISTENING or found[: _PORTS.size] != ends[: _PORTS.size]:
        return None
    numbers = _REST.unpack_from(body, _ANSWER.size + len(ends) + 4 + len(_NO_COOKIE))
    return SocketEntry(numbers[3], numbers[4])


_NOT_FOUND: Final = 2
"""ENOENT."""


def _find_line(table: Path, ends: bytes) -> SocketEntry | None:
    with contextlib.suppress(OSError):
        content = table.read_bytes()
        where = content.find(ends)
        if where >= 0:
            start = content.rfind(b"\n", 0, where) + 1
            fields = content[start : content.find(b"\n", where)].split()
            return SocketEntry(int(fields[_ENTRY_UID]), int(fields[_ENTRY_INODE]))
    return None


def _entry(address: Address, *, is_mapped: bool) -> str:
    """Return an address as procfs writes it: words in the order of this machine's bytes."""
    host, port = _without_scope(address[0]), address[1]
    if ":" in host:
        packed = socket.inet_pton(socket.AF_INET6, host)
    else:
        packed = socket.inet_pton(socket.AF_INET, host)
        if is_mapped:
            packed = bytes(10) + b"\xff\xff" + packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"
