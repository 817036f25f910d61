"""A node agent's connection to its manager."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, final

from adapters.tcp.session_client import SessionClient
from adapters.wire import map as agent_protocol
from adapters.wire.reconnection import DEFAULT_RETRIES, LOCAL_RETRIES
from adapters.wire.requests import Status, decode_response
from application.interfaces.agent_line import AgentLine
from domain.errors import CouplingError, ManagerRefused, RemoteProtocolError, TransportError
from domain.placement.resources import NodeResources
from domain.running.activity import Activity
from domain.running.agents import Command
from domain.running.clients import agent_identity
from domain.running.nodes import NodeLoad
from domain.running.outputs import OutputPiece
from domain.running.process_end import ProcessResult

CLOSED: Final = "the connection to the manager has been closed"


@final
class TcpAgentLine(AgentLine):
    """Waits for commands on one session, and reports results on another.

    Args:
        manager_locations: Where the manager can be reached.
        secret: Secret of the run.
        node: Name of the node.
        retry_time: Seconds for which a lost connection is retried.
        is_local: Whether the manager is on this machine, where it may be suspended.
    """

    def __init__(
        self,
        manager_locations: Sequence[str],
        *,
        secret: str,
        node: str,
        retry_time: float,
        is_local: bool = False,
    ) -> None:
        self._node = node
        retries = replace(LOCAL_RETRIES if is_local else DEFAULT_RETRIES, give_up_after=retry_time)
        self._commands, self._reports = (
            SessionClient(
                manager_locations,
                secret=secret,
                identity=agent_identity(node),
                server="manager",
                retries=retries,
            )
            for _ in range(2)
        )
        self._is_closed = False
        self._pending: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # a daemon thread, so that the agent can end even if the manager does not respond
        self._sender = threading.Thread(
            target=self._send_reports, name="conjoin-agent-results", daemon=True
        )
        self._sender.start()

    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        report = agent_protocol.NodeReport(resources, version)
        _check_accepted(self._ask(agent_protocol.report_resources.encode(report)))

    def next_command(self, load: NodeLoad | None = None) -> Command | None:
        request = agent_protocol.get_command
        poll = agent_protocol.CommandPoll(self._node, load)
        status, values = _decode_response(self._ask(request.encode(poll)))
        return None if status is Status.PENDING else request.decode_answer(values)

    def report_results(self, results: Sequence[ProcessResult]) -> None:
        self._pending.put(agent_protocol.report_results.encode(results, self._node))

    def report_activities(self, activities: Mapping[str, Activity]) -> None:
        self._pending.put(agent_protocol.report_activities.encode(activities, self._node))

    def report_output(self, piece: OutputPiece) -> None:
        if self._is_closed:
            raise TransportError(CLOSED)
        request = agent_protocol.report_output.encode(
            agent_protocol.OutputReport(piece, self._node)
        )
        _check_accepted(self._reports.call(request))

    def close(self, *, timeout: float) -> None:
        self._is_closed = True
        self._pending.put(None)
        self._sender.join(timeout)
        self._commands.close()
        self._reports.close()

    def _ask(self, request: bytes) -> memoryview:
        if self._is_closed:
            raise TransportError(CLOSED)
        return self._commands.call(request)

    def _send_reports(self) -> None:
        while (request := self._pending.get()) is not None:
            try:
                _check_accepted(self._reports.call(request))
            except CouplingError:
                # the manager is gone: the session for commands detects this too, and ends the agent
                return


def _check_accepted(response: memoryview) -> None:
    status, _ = _decode_response(response)
    if status is not Status.SUCCESS:
        msg = "the manager answered a report with the status 'pending'"
        raise RemoteProtocolError(msg)


def _decode_response(response: memoryview) -> tuple[Status, list[Any]]:
    status, values = decode_response(response)
    if status is Status.ERROR:
        raise ManagerRefused(str(values[0]) if values else "the manager gave no reason")
    return status, values
