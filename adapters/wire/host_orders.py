"""Encodes the orders of a new host as one line, which the head writes to its standard input."""

from __future__ import annotations

import binascii
from dataclasses import dataclass

from adapters.wire.host_values import host_from_plain, host_to_plain
from adapters.wire.packing import pack, unpack
from domain.errors import RemoteProtocolError
from domain.runtime.hosts import Host


@dataclass(frozen=True, slots=True)
class WarningFilter:
    """A filter of Python's `warnings` module.

    Attributes:
        action: Its action.
        message: The regular expression for messages; None for all.
        category: Module and name of the class of warnings.
        module: The regular expression for modules; None for all.
        line: The line number; 0 for all.
    """

    action: str
    message: str | None
    category: str
    module: str | None
    line: int


@dataclass(frozen=True, slots=True)
class HostOrders:
    """The orders with which a new host joins its run.

    Attributes:
        host: The host.
        others: The other hosts of the run.
        factory: Creates its RuntimeHost: `module:attribute`.
        directory: The directory of the run's sockets.
        spill_directory: The directory for values that do not fit in memory.
        working_directory: The working directory of the head.
        import_path: The head's `sys.path`.
        warning_filters: The head's warning filters, in order.
    """

    host: Host
    others: tuple[Host, ...]
    factory: str
    directory: str
    spill_directory: str
    working_directory: str
    import_path: tuple[str, ...]
    warning_filters: tuple[WarningFilter, ...] = ()


def encode_host_orders(orders: HostOrders) -> bytes:
    """Return the line, including the newline."""
    filters = [
        [item.action, item.message, item.category, item.module, item.line]
        for item in orders.warning_filters
    ]
    values = [
        host_to_plain(orders.host),
        [host_to_plain(host) for host in orders.others],
        orders.factory,
        _path_bytes(orders.directory),
        _path_bytes(orders.spill_directory),
        _path_bytes(orders.working_directory),
        [_path_bytes(path) for path in orders.import_path],
        filters,
    ]
    return binascii.b2a_base64(pack(values))


def decode_host_orders(line: bytes) -> HostOrders:
    """Decode the orders in a line.

    Raises:
        RemoteProtocolError: If the line is invalid.
    """
    try:
        host, others, factory, directory, spill, working, path, filters = unpack(
            binascii.a2b_base64(line)
        )
        return HostOrders(
            host_from_plain(host),
            tuple(map(host_from_plain, others)),
            str(factory),
            _path(directory),
            _path(spill),
            _path(working),
            tuple(map(_path, path)),
            tuple(WarningFilter(*item) for item in filters),
        )
    except (TypeError, ValueError, AttributeError) as error:
        msg = "the line cannot be decoded"
        raise RemoteProtocolError(msg) from error


def _path_bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _path(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
