"""Executes the requests of node agents at their desk."""

from __future__ import annotations

from adapters.tcp.server import Reply
from adapters.wire import map as agent_protocol
from adapters.wire.packing import pack
from adapters.wire.requests import encode_error
from application.interfaces.agent_desk import AgentDesk
from domain.errors import ManagerRefused, RemoteProtocolError
from domain.running.clients import agent_identity


def execute_agent_request(desk: AgentDesk, data: bytes, reply: Reply, *, identity: str) -> None:
    """Execute an agent's request.

    Args:
        desk: Executes the request.
        data: The request.
        reply: Takes the response, now or later.
        identity: The identity that the client has proved.

    Raises:
        RemoteProtocolError: If the request is invalid; an error response has been sent.
    """
    try:
        request = agent_protocol.REQUESTS.decode(data)
        node = agent_protocol.node_of(request)
        if identity != agent_identity(node):
            msg = f"'{identity}' made a request in the name of the agent of node '{node}'"
            raise RemoteProtocolError(msg)
        request.execute(desk, lambda response: reply([pack(response)]))
    except ManagerRefused as error:
        reply([encode_error(str(error))])
    except RemoteProtocolError as error:
        reply([encode_error(str(error))])
        raise
