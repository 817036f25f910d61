"""Tracks the nodes, and whether their agents are alive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, final

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Clock, Scheduler, Timer
from application.nodes.agent_timeouts import AgentTimeouts
from domain.placement.resources import NodeResources, Resources

LATE: Final = 1.0
"""Seconds by which a check is late if the manager was suspended or got no CPU time."""

OnResources: TypeAlias = Callable[[Resources], None]
OnSilence: TypeAlias = Callable[[str, str], None]


@dataclass(eq=False, slots=True)
class _Node:
    """The state of a node's agent.

    Attributes:
        last_sign: Time of the last sign of life; initially, the time of the launch.
        resources: The resources of the node; None until the agent has reported.
        watch: The timer of the next check for silence.
        due: The time of that check.
        is_gone: Whether no further sign of life is expected: the node is lost or was shut down.
        loss: Why the node is lost; None if it is not.
    """

    last_sign: float
    resources: NodeResources | None = None
    watch: Timer | None = None
    due: float = 0.0
    is_gone: bool = False
    loss: str | None = None


@final
class AgentRoster:
    """Tracks agents by the names of their nodes, and detects agents that fall silent.

    Args:
        scheduler: Schedules callbacks.
        clock: Provides the time.
        log: The manager's log.
        timeouts: Timeouts for agents.
        on_silence: Called with the name of a node and a reason when its agent has been silent for
            too long.
    """

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        clock: Clock,
        log: FilteringBoundLogger,
        timeouts: AgentTimeouts,
        on_silence: OnSilence,
    ) -> None:
        self._scheduler = scheduler
        self._clock = clock
        self._log = log
        self._timeouts = timeouts
        self._on_silence = on_silence
        self._on_resources: list[OnResources] = []
        self._nodes: dict[str, _Node] = {}
        self._is_expecting = False

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._nodes))

    @property
    def are_all_gone(self) -> bool:
        """Whether every agent is lost or has been shut down."""
        return all(node.is_gone for node in self._nodes.values())

    def on_resources(self, listener: OnResources) -> None:
        """Call back with all resources once every expected agent has reported or is lost."""
        self._on_resources.append(listener)

    def expect(self, names: Sequence[str]) -> None:
        """Expect reports from the agents of some nodes; resources are listed in this order."""
        for name in names:
            self.add(name)
        ordered = {name: self._nodes[name] for name in names}
        self._nodes = ordered | self._nodes
        self._is_expecting = True
        self.announce_if_complete()

    def add(self, name: str) -> None:
        """Add a node, unless it is known, and wait for its agent to report."""
        if name not in self._nodes:
            self._nodes[name] = _Node(self._clock.monotonic())
            self._watch(name, self._timeouts.startup)

    def note_sign(self, name: str) -> None:
        """Record a sign of life from a node's agent."""
        self._nodes[name].last_sign = self._clock.monotonic()

    def note_resources(self, resources: NodeResources) -> None:
        """Record the resources of a node."""
        node = self._nodes[resources.node]
        self._log.info(
            "agent reported",
            node=resources.node,
            cores=len(resources.cores),
            memory=resources.memory,
            **({"gpus": len(resources.gpus)} if resources.gpus else {}),
        )
        node.resources = resources
        self._watch(resources.node, self._timeouts.silence)
        self.announce_if_complete()

    def resources(self) -> Resources:
        """Return the resources of the nodes that have reported and are not lost."""
        nodes = self._nodes.values()
        return Resources(
            tuple(node.resources for node in nodes if node.resources and not node.loss)
        )

    def resources_of(self, name: str) -> NodeResources | None:
        """Return the resources of a node; None if its agent has not reported them."""
        return self._nodes[name].resources

    def is_gone(self, name: str) -> bool:
        """Whether a node is lost or has been shut down."""
        return self._nodes[name].is_gone

    def loss_of(self, name: str) -> str | None:
        """Return why a node is lost; None if it is not."""
        return self._nodes[name].loss

    def dismiss(self, name: str) -> None:
        """Stop expecting signs of life from a node."""
        node = self._nodes[name]
        node.is_gone = True
        if node.watch is not None:
            node.watch.cancel()
            node.watch = None

    def lose(self, name: str, reason: str) -> str | None:
        """Consider a node lost.

        Call `announce_if_complete` once its processes have ended.

        Returns:
            The complete reason; None if the node was already lost or has been shut down.
        """
        self.add(name)
        node = self._nodes[name]
        if node.is_gone:
            return None
        node.loss = f"node '{name}' was lost: {reason}"
        self.dismiss(name)
        return node.loss

    def announce_if_complete(self) -> None:
        """Call the listeners if every expected agent has reported or is lost."""
        nodes = self._nodes.values()
        if self._is_expecting and all(node.resources or node.loss for node in nodes):
            self._is_expecting = False
            for listener in self._on_resources:
                listener(self.resources())

    def _watch(self, name: str, delay: float) -> None:
        node = self._nodes[name]
        if node.watch is not None:
            node.watch.cancel()
        node.due = self._clock.monotonic() + delay
        node.watch = self._scheduler.call_later(delay, partial(self._check_silence, name))

    def _check_silence(self, name: str) -> None:
        node = self._nodes[name]
        has_reported = node.resources is not None
        allowed = self._timeouts.silence if has_reported else self._timeouts.startup
        now = self._clock.monotonic()
        left = node.last_sign + allowed - now
        if left > 0:
            self._watch(name, left)
        elif now > node.due + LATE:
            # the manager itself was suspended, and has not yet read what the agent sent meanwhile
            self._watch(name, allowed)
        elif has_reported:
            self._on_silence(name, f"its agent sent nothing for {allowed:g} seconds")
        else:
            self._on_silence(name, f"its agent did not report within {allowed:g} seconds")
