"""Node agents: how they come to run, and what they do for the manager."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from domain.placement.resources import NodeResources
from domain.running.agents import AgentOrders, StartCommand
from domain.running.launcher_capabilities import LauncherCapabilities
from domain.running.process_end import ProcessResult


class AgentLauncher(Protocol):
    """Brings agents to run on the nodes of an allocation."""

    @property
    @abstractmethod
    def capabilities(self) -> LauncherCapabilities:
        """What this launcher can do.

        The manager reads it before the launch, and `manager_locations` again when `launch` has
        returned. All else never changes.
        """

    @abstractmethod
    def launch(self, orders: AgentOrders, *, on_lost: Callable[[str, str], None]) -> Sequence[str]:
        """Start an agent on each node; they will report to the manager by themselves.

        Args:
            orders: What to tell the agents.
            on_lost: Called, from any thread, with a node's name and a reason (with what the agent
                printed) when an agent could not be started or has ended although not shut down.

        Returns:
            The names of the nodes, as the agents will report them.

        Raises:
            ConfigurationError: If the allocation or the hosts are described wrongly.
            TransportError: If a node cannot be reached; the text says which, and why.
        """

    @abstractmethod
    def close(self) -> None:
        """Wait a little for the agents to end, end those that do not, and let go of everything."""


class ProcessKeeper(Protocol):
    """Starts, watches and ends processes on one node (used by the agent)."""

    @abstractmethod
    def start(self, command: StartCommand) -> None:
        """Start a process in a session of its own.

        Raises:
            OSError: If it cannot be started; the text says why.
        """

    @abstractmethod
    def wait_finished(self, *, timeout: float | None) -> list[ProcessResult]:
        """Wait until some processes have ended; return each just once.

        Returns:
            Their results, each `Exited` or `Killed`. Empty after the timeout, or when `wake_up`
            was called.
        """

    @abstractmethod
    def wake_up(self) -> None:
        """Make `wait_finished` return. May be called from any thread."""

    @abstractmethod
    def cancel_all(self, *, grace_time: float) -> None:
        """SIGTERM to the group of each process; SIGKILL to what is left after the grace time.

        Does not wait for the processes to end: they are reported by `wait_finished`.
        """

    @abstractmethod
    def close(self) -> None:
        """Kill whatever still runs, and wait for it."""


class NodeInspector(Protocol):
    """Tells what a node has to offer (used by the agent)."""

    @abstractmethod
    def resources(self) -> NodeResources:
        """Return the node's name, the cores this process may use, and the memory."""
