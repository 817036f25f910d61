"""The manager's side of the node agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias, final

from structlog.typing import FilteringBoundLogger
from typing_extensions import override

from application.interfaces.agent_desk import AgentDesk
from application.interfaces.agents import AgentLauncher
from application.interfaces.clock import Clock, Scheduler
from application.interfaces.node_pool import AgentLaunch, NodePool, Placement
from application.nodes.agent_timeouts import AgentTimeouts
from application.nodes.command_queue import CommandQueue, Reply
from application.nodes.node_board import NodeBoard, OnNodeChanged
from application.nodes.placement import place
from application.nodes.process_ledger import OnFinished, ProcessLedger
from application.nodes.roster import AgentRoster, OnResources
from domain.errors import ManagerRefused
from domain.model.configuration import Configuration
from domain.placement.resources import NodeResources, Resources
from domain.running.activity import Activity
from domain.running.agents import (
    AgentOrders,
    CancelCommand,
    Command,
    ShutdownCommand,
    StartCommand,
)
from domain.running.nodes import NodeLoad, NodeStatus
from domain.running.outputs import OutputPiece
from domain.running.process_end import NeverStarted, NodeLost, ProcessEnd, ProcessResult
from domain.version import VERSION

OnNodeLost: TypeAlias = Callable[[str, str], None]
OnOutput: TypeAlias = Callable[[OutputPiece, Callable[[], None]], None]
OnActivities: TypeAlias = Callable[[Mapping[str, Activity]], None]


@final
class AgentManager(AgentDesk, NodePool):
    """Runs processes through agents, one on each node.

    The roster tracks the agents, the ledger tracks the processes, and each agent has a command
    queue.

    Args:
        agent_dir: Directory for the logs of agents and launchers; None to write no logs.
        scheduler: Schedules callbacks.
        clock: Provides the time.
        log: The manager's log.
        timeouts: Timeouts for agents.
        version: The version that agents must have.
    """

    def __init__(
        self,
        agent_dir: Path | None,
        *,
        scheduler: Scheduler,
        clock: Clock,
        log: FilteringBoundLogger,
        timeouts: AgentTimeouts | None = None,
        version: str = VERSION,
    ) -> None:
        self._agent_dir = agent_dir
        self._scheduler = scheduler
        self._timeouts = timeouts or AgentTimeouts()
        self._version = version
        self._ledger = ProcessLedger(scheduler=scheduler, log=log)
        self._roster = AgentRoster(
            scheduler=scheduler,
            clock=clock,
            log=log,
            timeouts=self._timeouts,
            on_silence=self._lose,
        )
        self._board = NodeBoard(roster=self._roster, ledger=self._ledger, log=log)
        self._queues: dict[str, CommandQueue] = {}
        self._on_node_lost: list[OnNodeLost] = []
        self._on_activities: list[OnActivities] = []
        self._on_output: OnOutput | None = None
        self._launcher: AgentLauncher | None = None
        self._is_shutting_down = False
        self._on_shut_down: Callable[[], None] | None = None

    def nodes(self) -> list[NodeStatus]:
        """Return the status of each node. Thread-safe."""
        return self._board.statuses()

    def on_node_changed(self, listener: OnNodeChanged) -> None:
        """Call back with the status of each node that reports or is lost."""
        self._board.on_changed(listener)

    def on_output(self, listener: OnOutput) -> None:
        """Call back with each piece of output of a program whose node shares no files.

        Args:
            listener: Called with the piece, and with a function to call when it is stored.
        """
        self._on_output = listener

    # NodePool

    @override
    def on_resources(self, listener: OnResources) -> None:
        self._roster.on_resources(listener)

    @override
    def on_finished(self, listener: OnFinished) -> None:
        self._ledger.on_finished(listener)

    @override
    def on_node_lost(self, listener: OnNodeLost) -> None:
        self._on_node_lost.append(listener)

    def on_activities(self, listener: OnActivities) -> None:
        """Call back with what processes are doing, by name, whenever that changes."""
        self._on_activities.append(listener)

    @override
    def launch(self, launch: AgentLaunch, *, failed: Callable[[Exception], None]) -> None:
        self._launcher = launch.launcher
        orders = AgentOrders(
            manager_locations=launch.manager_locations,
            secret=launch.secret,
            timeout=self._timeouts.silence,
            grace_time=self._timeouts.grace,
            log_directory=self._agent_dir,
        )
        launch.worker.run(
            lambda: launch.launcher.launch(orders, on_lost=self._schedule_loss),
            done=self._roster.expect,
            failed=failed,
        )

    @override
    def get_resources(self) -> Resources:
        return self._roster.resources()

    @override
    def place(
        self, configuration: Configuration, available: Resources, *, oversubscribe: bool
    ) -> Placement:
        return place(configuration, available, oversubscribe=oversubscribe)

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
        if node_name not in self._roster:
            known = ", ".join(self._roster) or "none at all"
            msg = f"there is no node '{node_name}', only {known}"
            raise ValueError(msg)
        self._ledger.add(name, node=node_name)
        if self._roster.is_gone(node_name):
            loss = self._roster.loss_of(node_name)
            shut_down = NeverStarted(f"node '{node_name}' has been shut down")
            self._ledger.end_soon(name, NodeLost(loss) if loss else shut_down)
            return
        command = StartCommand(name, work_dir, tuple(args), env, stdout, stderr, extend_env, files)
        self._command(node_name, command)

    @override
    def cancel_all(self) -> None:
        self._command_all(CancelCommand())

    @override
    def get_finished(self) -> list[tuple[str, ProcessEnd]]:
        return self._ledger.take_finished()

    @override
    def shutdown(self, on_done: Callable[[], None] | None = None) -> None:
        self._is_shutting_down = True
        self._on_shut_down = on_done
        self._command_all(ShutdownCommand())
        self._report_if_shut_down()

    # AgentDesk

    @override
    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        name = resources.node
        if version != self._version:
            reason = _other_version(name, version, self._version)
            self._lose(name, reason)
            raise ManagerRefused(reason)
        self._note_sign(name)
        loss = self._roster.loss_of(name)
        if loss is not None:
            raise ManagerRefused(loss)
        self._roster.note_resources(resources)
        self._board.publish(name)

    @override
    def next_command(self, node: str, reply: Reply, *, load: NodeLoad | None = None) -> None:
        self._note_sign(node)
        if load is not None:
            self._board.note_load(node, load)
        if self._roster.loss_of(node) is not None:
            reply(ShutdownCommand())
        else:
            self._queue(node).fetch(reply)

    @override
    def report_activities(self, activities: Mapping[str, Activity], *, node: str) -> None:
        self._note_sign(node)
        names = self._ledger.running_on(node)
        running = {name: activities[name] for name in names if name in activities}
        for listener in self._on_activities:
            listener(running)

    @override
    def report_output(self, piece: OutputPiece, done: Callable[[], None], *, node: str) -> None:
        self._note_sign(node)
        if self._on_output is None or self._ledger.node_of(piece.process) != node:
            done()
        else:
            self._on_output(piece, done)

    @override
    def report_result(self, results: Sequence[ProcessResult], *, node: str | None = None) -> None:
        if node is not None:
            self._note_sign(node)
        self._ledger.end_all(results)

    def _queue(self, node: str) -> CommandQueue:
        if node not in self._queues:
            self._queues[node] = CommandQueue(
                scheduler=self._scheduler,
                heartbeat=self._timeouts.heartbeat,
                on_reply=partial(self._note_reply, node),
            )
        return self._queues[node]

    def _note_sign(self, node: str) -> None:
        """Record a sign of life from an agent, even from an unexpected one."""
        is_new = node not in self._roster
        self._roster.add(node)
        if is_new and self._is_shutting_down:
            self._command(node, ShutdownCommand())
        self._roster.note_sign(node)

    def _note_reply(self, node: str, command: Command | None) -> None:
        # an agent that polls for a command sends nothing until we reply
        self._roster.note_sign(node)
        if isinstance(command, ShutdownCommand):
            self._dismiss(node)
            self._report_if_shut_down()

    def _dismiss(self, node: str) -> None:
        if not self._roster.is_gone(node):
            self._board.note_shut_down(node)
        self._roster.dismiss(node)

    def _command(self, node: str, command: Command) -> None:
        if not self._roster.is_gone(node):
            self._queue(node).add(command)

    def _command_all(self, command: CancelCommand | ShutdownCommand) -> None:
        """Send a command to all agents, in place of pending commands to start processes."""
        cancelled = NeverStarted("it was cancelled before its agent fetched the command")
        for node in self._roster:
            for process in self._queue(node).take_back_starts():
                self._ledger.end_soon(process, cancelled)
            self._command(node, command)

    def _schedule_loss(self, node: str, reason: str) -> None:
        """Schedule the loss of a node. Thread-safe."""
        self._scheduler.call_soon(partial(self._lose, node, reason))

    def _lose(self, node: str, reason: str) -> None:
        loss = self._roster.lose(node, reason)
        if loss is None:
            return
        self._board.note_lost(node, reason)
        if self._launcher is not None:
            self._launcher.give_up(node)
        queue = self._queue(node)
        queue.clear()
        self._ledger.flush()
        for listener in self._on_node_lost:
            listener(node, reason)
        for process in self._ledger.running_on(node):
            self._ledger.end(process, NodeLost(loss))
        queue.reply(ShutdownCommand())
        self._roster.announce_if_complete()
        self._report_if_shut_down()

    def _report_if_shut_down(self) -> None:
        if not self._roster.are_all_gone:
            return
        on_done, self._on_shut_down = self._on_shut_down, None
        if on_done is not None:
            on_done()


def _other_version(node: str, version: str, wanted: str) -> str:
    return (
        f"the agent on node '{node}' is version {version or 'unknown'}, and the manager is"
        f" version {wanted}: install the same version on both"
    )
