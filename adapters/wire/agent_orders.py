"""Encodes an agent's orders as one line of text, which the launcher writes to its standard input.

Other channels would not keep the orders secret: other users can read a command line, the processes
that the agent starts inherit its environment, and a file may be left behind.
"""

from __future__ import annotations

import binascii
from pathlib import Path
from typing import Any, Final

from adapters.wire.packing import pack, unpack
from adapters.wire.values import integer, optional, text
from domain.errors import RemoteProtocolError
from domain.placement.batch_jobs import JobNode
from domain.running.agents import AgentOrders, JobOrders
from domain.version import VERSION

CONFIRMATION: Final = "conjoin-agent-ready"
"""The line by which an agent confirms that it has read its orders."""


def encode_orders(orders: AgentOrders) -> bytes:
    """Return the first line to send to an agent, including the newline."""
    directory = orders.log_directory
    values = [
        VERSION,
        list(orders.manager_locations),
        orders.secret,
        orders.timeout,
        orders.grace_time,
        None if directory is None else _bytes(str(directory)),
        orders.node,
        orders.manager_process,
        dict(orders.environment),
        orders.cores,
        orders.confirms,
        None if orders.job is None else _job_values(orders.job),
    ]
    return binascii.b2a_base64(pack(values))


def decode_orders(line: bytes) -> AgentOrders:
    """Decode the orders in a line.

    Raises:
        RemoteProtocolError: If the line is invalid, or comes from another version of Conjoin.
    """
    try:
        version, *values = unpack(binascii.a2b_base64(line))
    except (TypeError, ValueError) as error:
        raise _undecodable() from error
    if version != VERSION:
        msg = (
            f"the manager is version {version}, and the agent is version {VERSION}: install the"
            " same version of Conjoin on both"
        )
        raise RemoteProtocolError(msg)
    return _decode_values(values)


def _decode_values(values: list[Any]) -> AgentOrders:
    try:
        locations, secret, timeout, grace_time, directory, node, manager_process, *rest = values
        environment, cores, confirms, job = rest
        return AgentOrders(
            manager_locations=tuple(map(str, locations)),
            secret=str(secret),
            timeout=float(timeout),
            grace_time=float(grace_time),
            log_directory=_path(directory),
            node=None if node is None else str(node),
            manager_process=optional(integer, manager_process),
            environment={text(name): text(value) for name, value in environment.items()},
            cores=optional(integer, cores),
            confirms=bool(confirms),
            job=optional(_job, job),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise _undecodable() from error


def _undecodable() -> RemoteProtocolError:
    return RemoteProtocolError("the line cannot be decoded")


def _job_values(job: JobOrders) -> list[object]:
    return [
        [[node.name, node.cpus] for node in job.nodes],
        [[_bytes(name), _bytes(value)] for name, value in job.environment.items()],
        job.name_variable,
        list(job.kept_variables),
    ]


def _job(values: Any) -> JobOrders:  # noqa: ANN401 - the unpacking checks its type
    nodes, environment, name_variable, kept_variables = values
    return JobOrders(
        nodes=tuple(JobNode(text(name), optional(integer, cpus)) for name, cpus in nodes),
        environment={_text(name): _text(value) for name, value in environment},
        name_variable=optional(text, name_variable),
        kept_variables=tuple(map(text, kept_variables)),
    )


def _bytes(value: str) -> bytes:
    # the operating system allows any bytes in paths and environment variables
    return value.encode("utf-8", "surrogateescape")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _path(directory: bytes | None) -> Path | None:
    return None if directory is None else Path(_text(directory))
