"""What node agents may ask of the manager."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from domain.placement.resources import NodeResources
from domain.running.agents import Command
from domain.running.process_end import ProcessResult


class AgentDesk(Protocol):
    """Where the requests of node agents arrive: one method for each."""

    @abstractmethod
    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        """Take note of a node's agent, and of what the node has to offer.

        Raises:
            ManagerRefused: If the manager does not want this agent; the text says why.
        """

    @abstractmethod
    def next_command(self, node: str, reply: Callable[[Command | None], None]) -> None:
        """Have a node's agent told its next command.

        Args:
            node: Name of the node.
            reply: Called once: with the command as soon as there is one, or with None after a
                while without any.
        """

    @abstractmethod
    def report_result(self, results: Sequence[ProcessResult], *, node: str | None = None) -> None:
        """Take note of how processes ended."""
