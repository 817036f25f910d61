"""The nodes of a run, and the processes on them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from application.interfaces.agents import AgentLauncher
from application.interfaces.worker import Worker
from domain.identity import Reference
from domain.model.configuration import Configuration
from domain.placement.resources import Resources
from domain.running.process_end import ProcessEnd


@dataclass(frozen=True, slots=True)
class AgentLaunch:
    """How agents are started.

    Attributes:
        launcher: Starts them.
        worker: The launcher is called on its thread, since it may take its time.
        manager_locations: Where they reach the manager, most likely address first.
        secret: Secret of the run.
    """

    launcher: AgentLauncher
    worker: Worker
    manager_locations: tuple[str, ...]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Placement:
    """Which instance runs where.

    Attributes:
        resources: The cores of each instance; instances that are started by hand are missing.
        warnings: Warnings for the user, such as that instances share cores.
    """

    resources: Mapping[Reference, Resources]
    warnings: tuple[str, ...] = ()


class NodePool(Protocol):
    """Starts processes on nodes, and reports how they end.

    Call its methods on the services' thread only. Listeners are called there too, and may call
    its methods. A process is known by the name given to `start`, which is free again when it has
    ended.
    """

    @abstractmethod
    def on_resources(self, listener: Callable[[Resources], None]) -> None:
        """Call back once, when the agent of every launched node has reported or is lost.

        Args:
            listener: Called with what those nodes have to offer that are not lost.
        """

    @abstractmethod
    def on_finished(self, listener: Callable[[str, ProcessEnd], None]) -> None:
        """Call back exactly once for each process, when it has ended or its node is lost.

        Args:
            listener: Called with the name of the process and how it ended.
        """

    @abstractmethod
    def on_node_lost(self, listener: Callable[[str, str], None]) -> None:
        """Call back when a node is lost, before the ends of its processes are reported.

        Args:
            listener: Called with the name of the node and the reason.
        """

    @abstractmethod
    def launch(self, launch: AgentLaunch, *, failed: Callable[[Exception], None]) -> None:
        """Start an agent on each node. The listeners of `on_resources` are called in the end.

        Args:
            launch: How to start them.
            failed: Called instead with what the launcher raised.
        """

    @abstractmethod
    def get_resources(self) -> Resources:
        """Return what the nodes have to offer that have reported and are not lost."""

    @abstractmethod
    def place(
        self, configuration: Configuration, available: Resources, *, oversubscribe: bool
    ) -> Placement:
        """Decide which instance gets which cores. May be called on any thread.

        Args:
            configuration: The flat configuration.
            available: The cores that there are.
            oversubscribe: Whether instances that run at the same time may share cores if there
                are too few.

        Raises:
            InsufficientResources: If there are too few cores.
        """

    @abstractmethod
    def start(
        self,
        node_name: str,
        name: str,
        work_dir: Path,
        args: Sequence[str],
        env: Mapping[str, str],
        stdout: Path,
        stderr: Path,
        *,
        extend_env: bool = False,
    ) -> None:
        """Start a process on a node. If its node is lost, it ends soon, for that reason.

        Args:
            node_name: Name of the node.
            name: Name by which the end of the process is reported.
            work_dir: Directory to start it in.
            args: Program and arguments.
            env: Its whole environment, or what is added to the agent's if `extend_env`.
            stdout: File for its standard output, overwritten.
            stderr: File for its standard error, overwritten.
            extend_env: Whether it gets the agent's environment as well.

        Raises:
            ValueError: If the node does not exist, or a process of that name is running.
        """

    @abstractmethod
    def cancel_all(self) -> None:
        """End all processes: SIGTERM, and SIGKILL after the grace time."""

    @abstractmethod
    def get_finished(self) -> list[tuple[str, ProcessEnd]]:
        """Return the processes that have ended since the last call, by name, and how."""

    @abstractmethod
    def shutdown(self, on_done: Callable[[], None] | None = None) -> None:
        """Have all agents end the processes that are left, and themselves.

        Close the launcher afterwards: it ends the agents that do not.

        Args:
            on_done: Called when every agent has got the command, or is lost.
        """
