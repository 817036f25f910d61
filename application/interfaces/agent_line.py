"""What a node agent says to the manager."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from domain.placement.resources import NodeResources
from domain.running.agents import Command
from domain.running.process_end import ProcessResult


class AgentLine(Protocol):
    """An agent's connection to its manager.

    `report_resources` and `next_command` are for one thread, the other methods for any.
    """

    @abstractmethod
    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        """Say what this node has to offer; returns when the manager knows.

        Raises:
            ManagerRefused: If the manager does not want this agent; the text says why.
            TransportError: If the manager cannot be reached; not worth a retry.
        """

    @abstractmethod
    def next_command(self) -> Command | None:
        """Wait for a command.

        Returns:
            The command; or None, which is a sign of life of a manager that has none for now.

        Raises:
            ManagerRefused: If the manager does not want this agent any longer.
            TransportError: If the connection is lost for good, or has been closed.
            RemoteProtocolError: If what comes makes no sense.
        """

    @abstractmethod
    def report_results(self, results: Sequence[ProcessResult]) -> None:
        """Say how processes ended. Returns at once; sent in order, each exactly once."""

    @abstractmethod
    def close(self, *, timeout: float) -> None:
        """Send the results that are left if that works in time, and end the connection.

        A `next_command` that waits in another thread may go on waiting.

        Args:
            timeout: How many seconds to try to send what is left.
        """
