"""Location strings, which specify where and how a process can be reached.

A location is `scheme:rest`. Ours are

- `tcp:<address>[,<address>…]`, MUSCLE3's transport, an address being `host:port` or `[v6]:port`;
- `conjoin:<address>[,<address>…]`, our own streams; an address may also be `unix=<host>=<name>`,
  an abstract Unix socket that can be reached on that host only.

Unknown schemes are skipped, so that new ones can be added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

TCP = "tcp"
CONJOIN = "conjoin"


class TcpAddress(NamedTuple):
    """A host name or address, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class UnixAddress(NamedTuple):
    """An abstract Unix socket.

    Attributes:
        host: Identifies the machine (and network namespace) of the socket.
        name: Its name, without the leading zero byte.
    """

    host: str
    name: str

    def __str__(self) -> str:
        return f"unix={self.host}={self.name}"


Address: TypeAlias = TcpAddress | UnixAddress


def format_location(scheme: str, addresses: Iterable[Address]) -> str:
    """Return the location string for a list of addresses."""
    return f"{scheme}:{','.join(map(str, addresses))}"


def addresses_in(locations: Sequence[str], scheme: str) -> list[Address]:
    """Return the addresses of a scheme in the locations, in order.

    Invalid addresses are skipped, like unknown schemes.
    """
    result: list[Address] = []
    for location in locations:
        found, _, rest = location.partition(":")
        if found == scheme:
            parsed = (_parse_address(item) for item in rest.split(","))
            result += [item for item in parsed if item is not None]
    return result


def is_loopback(location: str) -> bool:
    """Whether a `tcp:` location has addresses, and all are on the loopback interface."""
    addresses = addresses_in([location], TCP)
    return bool(addresses) and all(
        isinstance(address, TcpAddress) and address.host == "127.0.0.1" for address in addresses
    )


def is_loopback_host(address: str) -> bool:
    """Whether an IPv4 or IPv6 address is on the loopback interface, which no network reaches."""
    return address.startswith("127.") or address == "::1"


def has_scheme(locations: Sequence[str], scheme: str) -> bool:
    """Return whether any of the locations has a scheme."""
    return any(location.startswith(f"{scheme}:") for location in locations)


def _parse_address(text: str) -> Address | None:
    kind, _, rest = text.partition("=")
    if kind == "unix" and "=" in rest:
        host, _, name = rest.partition("=")
        return UnixAddress(host, name)
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        return None
    return TcpAddress(host.strip("[]"), int(port))
