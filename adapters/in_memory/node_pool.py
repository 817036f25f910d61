"""A pool of simulated nodes and processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import final

from typing_extensions import override

from application.interfaces.clock import Scheduler
from application.interfaces.node_pool import AgentLaunch, NodePool, Placement
from domain.model.configuration import Configuration
from domain.placement.planning import Planner
from domain.placement.resources import NodeResources, Resources
from domain.running.agents import StartCommand
from domain.running.process_end import Killed, NeverStarted, NodeLost, ProcessEnd

SIGTERM = 15


@final
class InMemoryNodePool(NodePool):
    """Simulates processes, which run until `end` or `cancel_all` is called.

    Args:
        nodes: The resources of the nodes.
        scheduler: Schedules the callbacks.

    Attributes:
        running: The commands that started the running processes, by name.
        nodes_of: The node of each running process.
        is_shut_down: Whether the pool was shut down.
    """

    def __init__(self, nodes: Sequence[NodeResources], *, scheduler: Scheduler) -> None:
        self._nodes = {node.node: node for node in nodes}
        self._scheduler = scheduler
        self._on_resources: list[Callable[[Resources], None]] = []
        self._on_finished: list[Callable[[str, ProcessEnd], None]] = []
        self._on_node_lost: list[Callable[[str, str], None]] = []
        self._losses: dict[str, str] = {}
        self._finished: list[tuple[str, ProcessEnd]] = []
        self.running: dict[str, StartCommand] = {}
        self.nodes_of: dict[str, str] = {}
        self.is_shut_down = False

    @override
    def on_resources(self, listener: Callable[[Resources], None]) -> None:
        self._on_resources.append(listener)

    @override
    def on_finished(self, listener: Callable[[str, ProcessEnd], None]) -> None:
        self._on_finished.append(listener)

    @override
    def on_node_lost(self, listener: Callable[[str, str], None]) -> None:
        self._on_node_lost.append(listener)

    @override
    def launch(self, launch: AgentLaunch, *, failed: Callable[[Exception], None]) -> None:
        self._scheduler.call_soon(self._announce)

    @override
    def get_resources(self) -> Resources:
        return Resources(
            tuple(node for name, node in self._nodes.items() if name not in self._losses)
        )

    @override
    def place(
        self, configuration: Configuration, available: Resources, *, oversubscribe: bool
    ) -> Placement:
        planner = Planner(configuration)
        plan = planner.plan(available, oversubscribe=oversubscribe)
        warning = planner.oversubscription(plan, available)
        return Placement(plan.resources, (warning,) if warning else ())

    @override
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
        if node_name not in self._nodes:
            msg = f"there is no node '{node_name}'"
            raise ValueError(msg)
        if name in self.running:
            msg = f"a process named '{name}' is running already"
            raise ValueError(msg)
        self.running[name] = StartCommand(
            name, work_dir, tuple(args), env, stdout, stderr, extend_env, files
        )
        self.nodes_of[name] = node_name
        if node_name in self._losses:
            self._end_soon(name, NodeLost(self._losses[node_name]))
        elif self.is_shut_down:
            self._end_soon(name, NeverStarted(f"node '{node_name}' has been shut down"))

    @override
    def cancel_all(self) -> None:
        for name in self.running:
            self._end_soon(name, Killed(SIGTERM))

    @override
    def get_finished(self) -> list[tuple[str, ProcessEnd]]:
        finished, self._finished = self._finished, []
        return finished

    @override
    def shutdown(self, on_done: Callable[[], None] | None = None) -> None:
        self.is_shut_down = True
        self.cancel_all()
        if on_done is not None:
            on_done()

    def end(self, name: str, end: ProcessEnd) -> None:
        """End a process, if it is running."""
        if self.running.pop(name, None) is None:
            return
        del self.nodes_of[name]
        self._finished.append((name, end))
        for listener in self._on_finished:
            listener(name, end)

    def lose(self, node: str, reason: str) -> None:
        """Simulate the loss of a node."""
        if node in self._losses:
            return
        self._losses[node] = f"node '{node}' was lost: {reason}"
        for listener in self._on_node_lost:
            listener(node, reason)
        for name in [name for name, where in self.nodes_of.items() if where == node]:
            self.end(name, NodeLost(self._losses[node]))

    def _announce(self) -> None:
        for listener in self._on_resources:
            listener(self.get_resources())

    def _end_soon(self, name: str, end: ProcessEnd) -> None:
        self._scheduler.call_soon(lambda: self.end(name, end))
