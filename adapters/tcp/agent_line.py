"""A node agent's connection to its manager."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from typing import final

from adapters.tcp.session_client import SessionClient
from adapters.wire import map as protocol
from adapters.wire.reconnection import RetryPolicy
from application.interfaces.agent_line import AgentLine
from domain.errors import CouplingError, TransportError
from domain.placement.resources import NodeResources
from domain.running.agents import Command
from domain.running.process_end import ProcessResult


@final
class TcpAgentLine(AgentLine):
    """Waits for commands on one session, and reports results on another.

    Args:
        manager_locations: Where the manager can be reached.
        secret: Secret of the run.
        node: Name of the node.
        retry_time: How many seconds to try again when the connection is lost.
    """

    def __init__(
        self, manager_locations: Sequence[str], *, secret: str, node: str, retry_time: float
    ) -> None:
        self._node = node
        retries = RetryPolicy(give_up_after=retry_time)
        self._commands, self._reports = (
            SessionClient(manager_locations, secret=secret, server="manager", retries=retries)
            for _ in range(2)
        )
        self._is_closed = False
        self._results: queue.SimpleQueue[Sequence[ProcessResult] | None] = queue.SimpleQueue()
        # a daemon, so that a manager that does not answer cannot keep the agent from ending
        self._sender = threading.Thread(
            target=self._send_results, name="conjoin-agent-results", daemon=True
        )
        self._sender.start()

    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        request = protocol.ReportResources(resources, version)
        protocol.decode_accepted(self._ask(request))

    def next_command(self) -> Command | None:
        request = protocol.GetCommand(self._node)
        return protocol.decode_command(self._ask(request))

    def report_results(self, results: Sequence[ProcessResult]) -> None:
        self._results.put(results)

    def close(self, *, timeout: float) -> None:
        self._is_closed = True
        self._results.put(None)
        self._sender.join(timeout)
        self._commands.close()
        self._reports.close()

    def _ask(self, request: protocol.Request) -> memoryview:
        if self._is_closed:
            msg = "the connection to the manager has been closed"
            raise TransportError(msg)
        return self._commands.call(protocol.encode_request(request))

    def _send_results(self) -> None:
        while (results := self._results.get()) is not None:
            request = protocol.ReportResults(tuple(results), self._node)
            try:
                protocol.decode_accepted(self._reports.call(protocol.encode_request(request)))
            except CouplingError:
                # the other session notices as well that the manager is gone, and that ends the
                # agent; what is still to be reported has nobody to go to
                return
