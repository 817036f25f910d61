"""The agent's side of the connection between a node agent and the manager."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.placement.resources import NodeResources
from domain.running.activity import Activity
from domain.running.agents import Command
from domain.running.nodes import NodeLoad
from domain.running.outputs import OutputPiece
from domain.running.process_end import ProcessResult


class AgentLine(Protocol):
    """An agent's connection to its manager.

    Call `report_resources` and `next_command` from one thread only. The other methods are
    thread-safe.
    """

    @abstractmethod
    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        """Report the resources of this node; return when the manager has received them.

        Raises:
            ManagerRefused: If the manager rejects this agent; the message says why.
            TransportError: If the manager cannot be reached; a retry does not help.
        """

    @abstractmethod
    def next_command(self, load: NodeLoad | None = None) -> Command | None:
        """Wait for a command.

        Args:
            load: How busy the node is; None if that was not measured again.

        Returns:
            The command; or None, a heartbeat of a manager that has no command at present.

        Raises:
            ManagerRefused: If the manager no longer accepts this agent.
            TransportError: If the connection is lost for good, or has been closed.
            RemoteProtocolError: If the manager sends invalid data.
        """

    @abstractmethod
    def report_results(self, results: Sequence[ProcessResult]) -> None:
        """Queue process results. Does not block; each is sent exactly once, in order."""

    @abstractmethod
    def report_activities(self, activities: Mapping[str, Activity]) -> None:
        """Queue a report of what processes are doing, by name. Does not block."""

    @abstractmethod
    def report_output(self, piece: OutputPiece) -> None:
        """Send a piece of the output of a program; return when the manager has stored it.

        Raises:
            TransportError: If the connection is lost for good, or has been closed.
            ManagerRefused: If the manager rejects the request.
        """

    @abstractmethod
    def close(self, *, timeout: float) -> None:
        """Send the pending results if possible in time, and end the connection.

        A `next_command` call in another thread may continue to wait.

        Args:
            timeout: How many seconds to try to send pending results.
        """
