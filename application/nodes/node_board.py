"""Publishes the status of each node, and logs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, final

from structlog.typing import FilteringBoundLogger

from application.nodes.process_ledger import ProcessLedger
from application.nodes.roster import AgentRoster
from domain.running.nodes import NodeLoad, NodeStatus

FULL: Final = 0.95
"""Share of the memory in use from which on there is a warning."""

RELIEVED: Final = 0.85
"""Share of the memory in use below which the next warning is possible."""

OnNodeChanged: TypeAlias = Callable[[NodeStatus], None]


@final
class NodeBoard:
    """Combines what is known about each node.

    Args:
        roster: Tracks the agents.
        ledger: Tracks the processes.
        log: The manager's log.
    """

    def __init__(
        self, *, roster: AgentRoster, ledger: ProcessLedger, log: FilteringBoundLogger
    ) -> None:
        self._roster = roster
        self._ledger = ledger
        self._log = log
        self._loads: dict[str, NodeLoad] = {}
        self._full: set[str] = set()
        self._listeners: list[OnNodeChanged] = []

    def on_changed(self, listener: OnNodeChanged) -> None:
        """Call back with the status of each node that reports or is lost."""
        self._listeners.append(listener)

    def statuses(self) -> list[NodeStatus]:
        """Return the status of each node. Thread-safe."""
        return [self._status_of(node) for node in self._roster]

    def note_load(self, node: str, load: NodeLoad) -> None:
        """Record the load of a node, and publish its status."""
        self._loads[node] = load
        status = self._status_of(node)
        self._log.debug("node load", **_described(status))
        self._warn_if_full(status)
        self._publish(status)

    def publish(self, node: str) -> None:
        """Publish the status of a node, which has changed."""
        self._publish(self._status_of(node))

    def note_lost(self, node: str, reason: str) -> None:
        """Log that a node is lost, and publish its status."""
        status = self._status_of(node)
        self._log.error("node lost", **_described(status), reason=reason)
        self._publish(status)

    def note_shut_down(self, node: str) -> None:
        """Log that an agent has been shut down."""
        self._log.info("agent shut down", **_described(self._status_of(node)))

    def _status_of(self, node: str) -> NodeStatus:
        resources = self._roster.resources_of(node)
        load = self._loads.get(node, _UNKNOWN)
        return NodeStatus(
            node,
            cores=len(resources.cores) if resources else 0,
            memory=resources.memory if resources else None,
            instances=tuple(self._ledger.running_on(node)),
            loss=self._roster.loss_of(node) or "",
            load=load.load,
            memory_used=load.memory_used,
        )

    def _publish(self, status: NodeStatus) -> None:
        for listener in self._listeners:
            listener(status)

    def _warn_if_full(self, status: NodeStatus) -> None:
        """Log a warning if a node may soon run out of memory, once until there is more again."""
        if status.memory is None or status.memory_used is None:
            return
        share = status.memory_used / status.memory
        if share >= FULL and status.node not in self._full:
            self._full.add(status.node)
            self._log.warning(
                "node is almost out of memory: the system may kill programs there",
                **_described(status),
                memory=status.memory,
            )
        elif share < RELIEVED:
            self._full.discard(status.node)


_UNKNOWN: Final = NodeLoad()


def _described(status: NodeStatus) -> dict[str, object]:
    known = {"load": status.load, "memory_used": status.memory_used}
    return {
        "node": status.node,
        "instances": len(status.instances),
        **{name: value for name, value in known.items() if value is not None},
    }
