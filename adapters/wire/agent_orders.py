"""Encodes an agent's orders as one line of text, which the launcher writes to its standard input.

Other channels would not keep the orders secret: other users can read a command line, the processes
that the agent starts inherit its environment, and a file may be left behind.
"""

from __future__ import annotations

import binascii
from pathlib import Path

from adapters.wire.packing import pack, unpack
from adapters.wire.values import integer, optional
from domain.errors import RemoteProtocolError
from domain.running.agents import AgentOrders


def encode_orders(orders: AgentOrders) -> bytes:
    """Return the first line to send to an agent, including the newline."""
    directory = orders.log_directory
    values = [
        list(orders.manager_locations),
        orders.secret,
        orders.timeout,
        orders.grace_time,
        None if directory is None else str(directory).encode("utf-8", "surrogateescape"),
        orders.node,
        orders.manager_process,
        orders.cores,
    ]
    return binascii.b2a_base64(pack(values))


def decode_orders(line: bytes) -> AgentOrders:
    """Decode the orders in a line.

    Raises:
        RemoteProtocolError: If the line is invalid.
    """
    try:
        values = unpack(binascii.a2b_base64(line))
        locations, secret, timeout, grace_time, directory, node, manager_process, *rest = values
        (cores,) = rest or (None,)
        return AgentOrders(
            manager_locations=tuple(map(str, locations)),
            secret=str(secret),
            timeout=float(timeout),
            grace_time=float(grace_time),
            log_directory=_path(directory),
            node=None if node is None else str(node),
            manager_process=optional(integer, manager_process),
            cores=optional(integer, cores),
        )
    except (TypeError, ValueError, AttributeError) as error:
        msg = "the line cannot be decoded"
        raise RemoteProtocolError(msg) from error


def _path(directory: bytes | None) -> Path | None:
    return None if directory is None else Path(directory.decode("utf-8", "surrogateescape"))
