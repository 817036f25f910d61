"""A scripted connection of a node agent, without a manager."""

from __future__ import annotations

import queue
from collections.abc import Mapping, Sequence
from typing import final

from application.interfaces.agent_line import AgentLine
from domain.errors import CouplingError, TransportError
from domain.placement.resources import NodeResources
from domain.running.activity import Activity
from domain.running.agents import Command
from domain.running.nodes import NodeLoad
from domain.running.outputs import OutputPiece
from domain.running.process_end import ProcessResult


@final
class InMemoryAgentLine(AgentLine):
    """Returns given commands to an agent, and records its reports."""

    def __init__(self) -> None:
        self._commands: queue.SimpleQueue[Command | CouplingError | None] = queue.SimpleQueue()
        self.resources: NodeResources | None = None
        """The reported resources of the node."""
        self.version: str | None = None
        """The reported version of the agent."""
        self.loads: list[NodeLoad | None] = []
        """The load in each request for a command, in order."""
        self.results: list[ProcessResult] = []
        """All reported results, in order."""
        self.activities: list[dict[str, Activity]] = []
        """All reports of what processes are doing, in order."""
        self.output: list[OutputPiece] = []
        """All pieces of the output of programs, in order."""
        self.is_closed = False
        """Whether the agent has closed the connection."""

    def command(self, command: Command | None) -> None:
        """Send a command to the agent; None is a heartbeat."""
        self._commands.put(command)

    def fail(self, error: CouplingError) -> None:
        """Make the agent's next request fail, after the commands that are queued."""
        self._commands.put(error)

    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        self.resources = resources
        self.version = version

    def next_command(self, load: NodeLoad | None = None) -> Command | None:
        self.loads.append(load)
        if self.is_closed:
            msg = "the connection to the manager has been closed"
            raise TransportError(msg)
        command = self._commands.get()
        if isinstance(command, CouplingError):
            raise command
        return command

    def report_results(self, results: Sequence[ProcessResult]) -> None:
        self.results += results

    def report_activities(self, activities: Mapping[str, Activity]) -> None:
        self.activities.append(dict(activities))

    def report_output(self, piece: OutputPiece) -> None:
        if self.is_closed:
            msg = "the connection to the manager has been closed"
            raise TransportError(msg)
        self.output.append(piece)

    def close(self, *, timeout: float) -> None:  # noqa: ARG002 - nothing is pending
        self.is_closed = True
        self._commands.put(TransportError("the connection to the manager has been closed"))
