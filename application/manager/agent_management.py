"""The manager's side of the node agents: what they are to do, and what became of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, final

from structlog.typing import FilteringBoundLogger

from application.interfaces.agent_desk import AgentDesk
from application.interfaces.clock import Clock, Scheduler, Timer
from domain.errors import ManagerRefused
from domain.placement.resources import NodeResources, Resources
from domain.running.agents import (
    AgentOrders,
    CancelCommand,
    Command,
    ShutdownCommand,
    StartCommand,
)
from domain.running.process_end import NeverStarted, NodeLost, ProcessEnd, ProcessResult
from domain.version import VERSION

OnFinished: TypeAlias = Callable[[str, ProcessEnd], None]
OnResources: TypeAlias = Callable[[Resources], None]
OnNodeLost: TypeAlias = Callable[[str, str], None]
Reply: TypeAlias = Callable[[Command | None], None]

HEARTBEATS_PER_TIMEOUT: Final = 3


@dataclass(frozen=True)
class AgentTimeouts:
    """How long to wait for agents.

    Attributes:
        silence: Seconds without a sign of life after which either side gives the other up.
        startup: Seconds for an agent to report for the first time.
        grace: Seconds between SIGTERM and SIGKILL when processes are ended.
    """

    silence: float = 30.0
    startup: float = 120.0
    grace: float = 10.0

    @property
    def heartbeat(self) -> float:
        """After how many seconds without a command an agent gets a sign of life."""
        return self.silence / HEARTBEATS_PER_TIMEOUT


@dataclass(eq=False)
class _Node:
    """What is known of a node's agent.

    Attributes:
        name: Name of the node.
        heard: When the agent last gave a sign of life; when it was launched if it never did.
        resources: What the node has to offer; None until the agent has reported.
        commands: Commands that the agent has not fetched yet.
        running: Names of the processes that are running or about to.
        waiting: How to answer the agent, when it waits for a command.
        heartbeat: The sign of life that it gets if there is none.
        watch: The next look at whether the agent has gone silent.
        is_gone: Whether nothing is expected of it any longer: lost, or told to shut down.
        loss: Why it is lost, if it is.
    """

    name: str
    heard: float
    resources: NodeResources | None = None
    commands: deque[Command] = field(default_factory=deque)
    running: set[str] = field(default_factory=set)
    waiting: Reply | None = None
    heartbeat: Timer | None = None
    watch: Timer | None = None
    is_gone: bool = False
    loss: str | None = None


@final
class AgentManager(AgentDesk):
    """Knows the agents, by the names of their nodes, and the processes that they run.

    All methods are to be called on the scheduler's thread, and so are the callbacks; a callback
    may call methods. The end of each process is reported exactly once, to the listeners of
    `on_finished` and also by `get_finished`.

    Args:
        agent_dir: Directory for the logs of agents and launchers; None for none.
        scheduler: Makes calls later.
        clock: Tells the time.
        log: The manager's log.
        timeouts: How long to wait for agents.
        version: Version that the agents must have.
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
        self._clock = clock
        self._log = log
        self._on_finished: list[OnFinished] = []
        self._on_resources: list[OnResources] = []
        self._on_node_lost: list[OnNodeLost] = []
        self._timeouts = timeouts or AgentTimeouts()
        self._version = version
        self._nodes: dict[str, _Node] = {}
        self._finished: list[tuple[str, ProcessEnd]] = []
        self._is_expecting = False
        self._is_shutting_down = False
        self._on_shut_down: Callable[[], None] | None = None

    # for the manager

    def on_finished(self, listener: OnFinished) -> None:
        """Call back whenever a process has ended.

        Args:
            listener: Called with the name of the process and how it ended.
        """
        self._on_finished.append(listener)

    def on_resources(self, listener: OnResources) -> None:
        """Call back with what there is, once every agent has reported or is lost."""
        self._on_resources.append(listener)

    def on_node_lost(self, listener: OnNodeLost) -> None:
        """Call back with name and reason when a node is lost, before its processes end."""
        self._on_node_lost.append(listener)

    def orders(self, manager_locations: Sequence[str], secret: str) -> AgentOrders:
        """Return the orders for agents that are launched.

        Pass them to a launcher, with `node_lost`, and the nodes that this returns to `expect`.

        Args:
            manager_locations: Where agents can reach the manager.
            secret: Secret of the run.
        """
        return AgentOrders(
            manager_locations=tuple(manager_locations),
            secret=secret,
            timeout=self._timeouts.silence,
            grace_time=self._timeouts.grace,
            log_directory=self._agent_dir,
        )

    def expect(self, nodes: Sequence[str]) -> None:
        """Take note of which nodes have had an agent started."""
        reported = self._nodes
        # the order of the launcher, whoever has reported first
        self._nodes = {name: reported.get(name) or self._new_node(name) for name in nodes}
        self._nodes.update(reported)
        self._is_expecting = True
        self._tell_resources_if_complete()

    def node_lost(self, node: str, reason: str) -> None:
        """Take note, from any thread, that the agent of a node has ended or cannot be started."""
        self._scheduler.call_soon(partial(self._lose, node, reason))

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
        """Start a process on a node.

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
            ValueError: If there is no such node, or a process of that name is running.
        """
        node = self._nodes.get(node_name)
        if node is None:
            msg = f"there is no node '{node_name}', only {', '.join(self._nodes) or 'none at all'}"
            raise ValueError(msg)
        if any(name in other.running for other in self._nodes.values()):
            msg = f"a process named '{name}' is running already"
            raise ValueError(msg)
        node.running.add(name)
        if node.is_gone:
            shut_down = NeverStarted(f"node '{node_name}' has been shut down")
            self._finish_soon(node, name, NodeLost(node.loss) if node.loss else shut_down)
            return
        command = StartCommand(name, work_dir, tuple(args), env, stdout, stderr, extend_env)
        self._command(node, command)

    def cancel_all(self) -> None:
        """End all processes: SIGTERM, and SIGKILL after the grace time."""
        for node in self._nodes.values():
            self._drop_unfetched(node)
            self._command(node, CancelCommand())

    def get_finished(self) -> list[tuple[str, ProcessEnd]]:
        """Return the processes that have ended since the last call, by name, and how."""
        finished, self._finished = self._finished, []
        return finished

    def get_resources(self) -> Resources:
        """Return what the nodes that have reported, and are not lost, have to offer."""
        return Resources(
            tuple(
                node.resources
                for node in self._nodes.values()
                if node.resources is not None and node.loss is None
            )
        )

    def shutdown(self, on_done: Callable[[], None] | None = None) -> None:
        """Tell all agents to end what still runs, and themselves.

        Close the launcher afterwards: it ends those that do not.

        Args:
            on_done: Called when every agent has got the order, or is lost.
        """
        self._is_shutting_down = True
        self._on_shut_down = on_done
        for node in self._nodes.values():
            self._drop_unfetched(node)
            self._command(node, ShutdownCommand())
        self._tell_if_shut_down()

    # for the agents

    def report_resources(self, resources: NodeResources, *, version: str) -> None:
        name = resources.node
        if version != self._version:
            reason = (
                f"the agent on node '{name}' is version {version or 'unknown'}, and the manager is"
                f" version {self._version}: install the same version on both"
            )
            self._lose(name, reason)
            raise ManagerRefused(reason)
        node = self._heard_from(name)
        if node.loss is not None:
            raise ManagerRefused(node.loss)
        self._log.info(
            "agent reported", node=name, cores=len(resources.cores), memory=resources.memory
        )
        node.resources = resources
        self._watch(node, self._timeouts.silence)
        self._tell_resources_if_complete()

    def next_command(self, node: str, reply: Reply) -> None:
        agent = self._heard_from(node)
        # an agent asks one thing at a time, so whoever still waits is one that was replaced
        self._answer(agent, None)
        if agent.loss is not None:
            reply(ShutdownCommand())
            return
        agent.waiting = reply
        if agent.commands:
            self._answer(agent, agent.commands.popleft())
        else:
            agent.heartbeat = self._scheduler.call_later(
                self._timeouts.heartbeat, partial(self._answer, agent, None)
            )

    def report_result(self, results: Sequence[ProcessResult], *, node: str | None = None) -> None:
        if node is not None:
            self._heard_from(node)
        for result in results:
            for candidate in self._nodes.values():
                self._finish(candidate, result.name, result.end)

    # inside

    def _new_node(self, name: str) -> _Node:
        node = _Node(name, self._clock.monotonic())
        self._watch(node, self._timeouts.startup)
        return node

    def _heard_from(self, name: str) -> _Node:
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = self._new_node(name)
            if self._is_shutting_down:
                self._command(node, ShutdownCommand())
        node.heard = self._clock.monotonic()
        return node

    def _command(self, node: _Node, command: Command) -> None:
        if node.is_gone:
            return
        node.commands.append(command)
        if node.waiting is not None:
            self._answer(node, node.commands.popleft())

    def _answer(self, node: _Node, command: Command | None) -> None:
        reply, node.waiting = node.waiting, None
        if reply is None:
            return
        if node.heartbeat is not None:
            node.heartbeat.cancel()
            node.heartbeat = None
        # from here on it is the agent's turn to say something
        node.heard = self._clock.monotonic()
        if isinstance(command, ShutdownCommand):
            self._expect_no_more(node)
        reply(command)
        self._tell_if_shut_down()

    def _drop_unfetched(self, node: _Node) -> None:
        """Take back orders to start processes that the agent has not heard of."""
        unfetched, node.commands = node.commands, deque()
        for command in unfetched:
            if isinstance(command, StartCommand):
                cancelled = NeverStarted("it was cancelled before its agent got the command")
                self._finish_soon(node, command.name, cancelled)
            else:
                node.commands.append(command)

    def _finish_soon(self, node: _Node, name: str, end: ProcessEnd) -> None:
        # not at once, so that nobody is called back from within a call of their own
        self._scheduler.call_soon(partial(self._finish, node, name, end))

    def _finish(self, node: _Node, name: str, end: ProcessEnd) -> None:
        if name not in node.running:
            return
        node.running.discard(name)
        self._log.info("process ended", name=name, how=str(end), node=node.name)
        self._finished.append((name, end))
        for listener in self._on_finished:
            listener(name, end)

    def _watch(self, node: _Node, delay: float) -> None:
        if node.watch is not None:
            node.watch.cancel()
        node.watch = self._scheduler.call_later(delay, partial(self._look_at, node))

    def _look_at(self, node: _Node) -> None:
        """See whether a node's agent has been silent for too long."""
        has_reported = node.resources is not None
        allowed = self._timeouts.silence if has_reported else self._timeouts.startup
        left = node.heard + allowed - self._clock.monotonic()
        if left > 0:
            self._watch(node, left)
        elif has_reported:
            self._lose(node.name, f"nothing was heard from its agent for {allowed:g} seconds")
        else:
            self._lose(node.name, f"its agent did not report within {allowed:g} seconds")

    def _lose(self, name: str, reason: str) -> None:
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = self._new_node(name)
        if node.is_gone:
            return
        node.loss = f"node '{name}' was lost: {reason}"
        self._expect_no_more(node)
        node.commands.clear()
        self._log.error("node lost", node=name, reason=reason)
        for listener in self._on_node_lost:
            listener(name, reason)
        for process in sorted(node.running):
            self._finish(node, process, NodeLost(node.loss))
        self._answer(node, ShutdownCommand())
        self._tell_resources_if_complete()
        self._tell_if_shut_down()

    def _expect_no_more(self, node: _Node) -> None:
        node.is_gone = True
        if node.watch is not None:
            node.watch.cancel()
            node.watch = None

    def _tell_resources_if_complete(self) -> None:
        nodes = self._nodes.values()
        if self._is_expecting and all(node.resources or node.loss for node in nodes):
            self._is_expecting = False
            for listener in self._on_resources:
                listener(self.get_resources())

    def _tell_if_shut_down(self) -> None:
        if not all(node.is_gone for node in self._nodes.values()):
            return
        on_done, self._on_shut_down = self._on_shut_down, None
        if on_done is not None:
            on_done()
