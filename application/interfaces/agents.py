"""Node agents: how the manager launches them, and what they use on their nodes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from domain.placement.resources import NodeResources
from domain.running.agents import AgentOrders, StartCommand
from domain.running.launcher_capabilities import LauncherCapabilities
from domain.running.nodes import NodeLoad
from domain.running.process_end import ProcessResult


class AgentLauncher(Protocol):
    """Launches agents on the nodes of an allocation."""

    @property
    @abstractmethod
    def capabilities(self) -> LauncherCapabilities:
        """The capabilities of this launcher.

        The manager reads them before the launch, and `manager_locations` again after `launch` has
        returned. The other capabilities never change.
        """

    @abstractmethod
    def launch(self, orders: AgentOrders, *, on_lost: Callable[[str, str], None]) -> Sequence[str]:
        """Start an agent on each node; the agents then connect to the manager.

        Args:
            orders: The start-up message for the agents.
            on_lost: Called, from any thread, with a node's name and a reason (including the
                agent's output) when an agent could not be started, or ended without having been
                shut down.

        Returns:
            The names of the nodes, as the agents will report them.

        Raises:
            ConfigurationError: If the description of the allocation or the hosts is invalid.
            TransportError: If a node cannot be reached; the message says which, and why.
        """

    @abstractmethod
    def give_up(self, node: str) -> None:
        """Do not wait in `close` for the agent of a node that is lost. Thread-safe, does not block.

        An agent that the manager no longer reaches may never be reported to have ended.

        Args:
            node: Name of the node; it may be unknown.
        """

    @abstractmethod
    def close(self) -> None:
        """Wait briefly for the agents to exit, kill the others, and release resources."""


class ProcessKeeper(Protocol):
    """Starts, monitors and ends processes on one node (used by the agent)."""

    @abstractmethod
    def start(self, command: StartCommand) -> None:
        """Start a process in its own session.

        Raises:
            OSError: If it cannot be started; the message says why.
        """

    @abstractmethod
    def wait_finished(self, *, timeout: float | None) -> list[ProcessResult]:
        """Wait until one or more processes have ended; return each exactly once.

        Returns:
            Their results, each `Exited` or `Killed`. Empty after the timeout, or when `wake_up`
            was called.
        """

    @abstractmethod
    def process_ids(self) -> dict[str, int]:
        """Return the process id of each process that runs, by name. Thread-safe."""

    @abstractmethod
    def wake_up(self) -> None:
        """Make `wait_finished` return. Thread-safe."""

    @abstractmethod
    def cancel_all(self, *, grace_time: float) -> None:
        """Send SIGTERM to each process group, and SIGKILL after the grace time.

        Does not wait for the processes to end: `wait_finished` reports them.
        """

    @abstractmethod
    def close(self, *, grace_time: float = 0.0) -> None:
        """Kill all running processes, end what other processes have left, and wait for their end.

        Args:
            grace_time: Seconds between SIGTERM and SIGKILL for what processes have left.
        """


class NodeInspector(Protocol):
    """Detects the resources and the load of a node (used by the agent)."""

    @abstractmethod
    def resources(self) -> NodeResources:
        """Return the node's name, the cores this process may use, and its memory."""

    @abstractmethod
    def load(self) -> NodeLoad:
        """Return how busy the node is. Takes less than a millisecond."""


class ManagerProcess(Protocol):
    """The manager's process, as an agent sees it."""

    @abstractmethod
    def is_suspended(self) -> bool:
        """Return whether the manager runs on this machine, and is stopped or blocked at present.

        Ctrl-Z or SIGSTOP stop it; an unresponsive disk blocks it. It then sends nothing, but it can
        continue later.
        """
