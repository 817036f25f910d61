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
    """Describes how to start the agents.

    Attributes:
        launcher: Starts them.
        worker: Runs the launcher, which may be slow, on its own thread.
        manager_locations: Locations of the manager, the most likely one first.
        secret: Secret of the run.
    """

    launcher: AgentLauncher
    worker: Worker
    manager_locations: tuple[str, ...]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Placement:
    """The cores of each instance.

    Attributes:
        resources: The cores of each instance; manually started instances are omitted.
        warnings: Warnings for the user, such as that instances share cores.
    """

    resources: Mapping[Reference, Resources]
    warnings: tuple[str, ...] = ()


class NodePool(Protocol):
    """Starts processes on nodes, and reports how they end.

    Call its methods on the services' thread only. Listeners are called there too, and may call
    its methods. A process is identified by the name given to `start`, which can be reused after
    the process has ended.
    """

    @abstractmethod
    def on_resources(self, listener: Callable[[Resources], None]) -> None:
        """Call back once, when the agent of every launched node has reported or is lost.

        Args:
            listener: Called with the resources of the nodes that are not lost.
        """

    @abstractmethod
    def on_finished(self, listener: Callable[[str, ProcessEnd], None]) -> None:
        """Call back exactly once per process, when it has ended or its node is lost.

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
        """Start an agent on each node, then call the listeners of `on_resources`.

        Args:
            launch: How to start them.
            failed: Called instead of the listeners if the launcher raises, with the exception.
        """

    @abstractmethod
    def get_resources(self) -> Resources:
        """Return the resources of the nodes that have reported and are not lost."""

    @abstractmethod
    def place(
        self, configuration: Configuration, available: Resources, *, oversubscribe: bool
    ) -> Placement:
        """Decide which instance gets which cores. Thread-safe.

        Args:
            configuration: The flat configuration.
            available: The available cores.
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
        files: Mapping[Path, bytes] | None = None,
    ) -> None:
        """Start a process on a node. On a lost node, it is soon reported as ended.

        Args:
            node_name: Name of the node.
            name: Name by which the end of the process is reported.
            work_dir: Directory to start it in.
            args: Program and arguments.
            env: Its whole environment, or additions to the agent's if `extend_env`.
            stdout: File for its standard output; overwritten.
            stderr: File for its standard error; overwritten.
            extend_env: Whether it inherits the agent's environment.
            files: None if the node has the manager's files; otherwise the files to create there.

        Raises:
            ValueError: If the node does not exist, or a process of that name is running.
        """

    @abstractmethod
    def cancel_all(self) -> None:
        """End all processes: send SIGTERM, and SIGKILL after the grace time."""

    @abstractmethod
    def get_finished(self) -> list[tuple[str, ProcessEnd]]:
        """Return the names of the processes that ended since the last call, and how."""

    @abstractmethod
    def shutdown(self, on_done: Callable[[], None] | None = None) -> None:
        """Make all agents end their remaining processes and exit.

        Close the launcher afterwards: it kills the agents that do not exit.

        Args:
            on_done: Called when every agent has received the command or is lost.
        """
