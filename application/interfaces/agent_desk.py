"""The manager's side of the connection to node agents."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from domain.placement.resources import NodeResources
from domain.running.activity import Activity
from domain.running.agents import Command
from domain.running.nodes import NodeLoad
from domain.running.outputs import OutputPiece
from domain.running.process_end import ProcessResult


class AgentDesk(Protocol):
    """Handles the requests of node agents: one method for each."""

    @abstractmethod
    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        """Register a node's agent, and the resources of its node.

        Raises:
            ManagerRefused: If the manager rejects this agent; the message says why.
        """

    @abstractmethod
    def next_command(
        self,
        node: str,
        reply: Callable[[Command | None], None],
        *,
        load: NodeLoad | None = None,
    ) -> None:
        """Deliver the next command to a node's agent (long poll).

        Args:
            node: Name of the node.
            reply: Called once: with the next command as soon as there is one, or with None after
                a timeout.
            load: How busy the node is; None if the agent has not measured it again.
        """

    @abstractmethod
    def report_activities(self, activities: Mapping[str, Activity], *, node: str) -> None:
        """Record what processes are doing now, by name."""

    @abstractmethod
    def report_output(self, piece: OutputPiece, done: Callable[[], None], *, node: str) -> None:
        """Store a piece of the output of a program.

        Args:
            piece: The piece. It is dropped if the program does not run on that node.
            done: Called once, when the piece has been stored, or could not be.
            node: Name of the node.
        """

    @abstractmethod
    def report_result(self, results: Sequence[ProcessResult], *, node: str | None = None) -> None:
        """Record how processes ended."""
