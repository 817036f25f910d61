"""How a launcher tells an agent its orders: one line of text on the agent's standard input.

Standard input, since a command line or an environment can be read by others or is passed on to
every process that the agent starts, and a file may be left behind.
"""

from __future__ import annotations

import binascii
from pathlib import Path

from adapters.wire.packing import pack, unpack
from domain.errors import RemoteProtocolError
from domain.running.agents import AgentOrders


def encode_orders(orders: AgentOrders) -> bytes:
    """Return the line that an agent is to be sent first, with its newline."""
    directory = orders.log_directory
    values = [
        list(orders.manager_locations),
        orders.secret,
        orders.timeout,
        orders.grace_time,
        None if directory is None else str(directory).encode("utf-8", "surrogateescape"),
        orders.node,
    ]
    return binascii.b2a_base64(pack(values))


def decode_orders(line: bytes) -> AgentOrders:
    """Return the orders that a line stands for.

    Raises:
        RemoteProtocolError: If it stands for none.
    """
    try:
        locations, secret, timeout, grace_time, directory, node = unpack(binascii.a2b_base64(line))
        return AgentOrders(
            manager_locations=tuple(map(str, locations)),
            secret=str(secret),
            timeout=float(timeout),
            grace_time=float(grace_time),
            log_directory=_path(directory),
            node=None if node is None else str(node),
        )
    except (TypeError, ValueError, AttributeError) as error:
        msg = "an agent was started without orders: it is the manager that starts agents"
        raise RemoteProtocolError(msg) from error


def _path(directory: bytes | None) -> Path | None:
    return None if directory is None else Path(directory.decode("utf-8", "surrogateescape"))
