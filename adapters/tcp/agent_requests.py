"""Requests of node agents: from bytes to the desk and back."""

from __future__ import annotations

from adapters.tcp.server import Reply
from adapters.wire import map as protocol
from application.interfaces.agent_desk import AgentDesk
from domain.errors import ManagerRefused, RemoteProtocolError
from domain.running.agents import Command


def execute_agent_request(desk: AgentDesk, data: bytes, reply: Reply) -> None:
    """Have the desk execute an agent's request.

    Args:
        desk: Executes it.
        data: The request.
        reply: Takes the response, at once or later.

    Raises:
        RemoteProtocolError: If it makes no sense; it has been answered nevertheless.
    """
    try:
        _execute(desk, protocol.decode_request(data), reply)
    except ManagerRefused as error:
        reply([protocol.encode_refused(str(error))])
    except RemoteProtocolError as error:
        reply([protocol.encode_refused(str(error))])
        raise


def _execute(desk: AgentDesk, request: protocol.Request, reply: Reply) -> None:
    def send_command(command: Command | None) -> None:
        reply([protocol.encode_command(command)])

    match request:
        case protocol.GetCommand(node):
            desk.next_command(node, send_command)
        case protocol.ReportResources(resources, version):
            desk.report_resources(resources, version=version)
            reply([protocol.encode_accepted()])
        case protocol.ReportResults(results, node):
            desk.report_result(results, node=node)
            reply([protocol.encode_accepted()])
