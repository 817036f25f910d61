"""Detects deadlocks among the waits that instances report."""

from __future__ import annotations

from collections.abc import Callable

from domain.coupling.messages import Wait
from domain.errors import ManagerRefused
from domain.running.deadlock import WaitGraph


class DeadlockWatch:
    """Tracks which instances wait for which others, and reports cycles.

    Args:
        on_deadlock: Called once with each cycle.
    """

    def __init__(self, *, on_deadlock: Callable[[tuple[Wait, ...]], None]) -> None:
        self._on_deadlock = on_deadlock
        self._graph = WaitGraph()
        self._waits: set[Wait] = set()
        self._reported: set[frozenset[Wait]] = set()

    def add(self, wait: Wait) -> None:
        """Add a wait that has exceeded the receive timeout.

        Raises:
            ManagerRefused: If it has been reported already.
        """
        if wait in self._waits:
            msg = f"Duplicate report of a wait: {wait}"
            raise ManagerRefused(msg)
        self._waits.add(wait)
        self._graph.add(wait)
        cycle = self._graph.find_cycle(wait.instance)
        if cycle and frozenset(cycle) not in self._reported:
            self._reported.add(frozenset(cycle))
            self._on_deadlock(cycle)

    def remove(self, wait: Wait) -> None:
        """Remove a wait that is over.

        Raises:
            ManagerRefused: If it has not been reported.
        """
        if wait not in self._waits:
            msg = f"Report of the end of an unknown wait: {wait}"
            raise ManagerRefused(msg)
        self._waits.remove(wait)
        self._graph.remove(wait)
        # if the same cycle forms again, report it again
        self._reported = {cycle for cycle in self._reported if wait not in cycle}

    def remove_instance(self, instance: str) -> None:
        """Remove all waits of an instance."""
        self._waits = {wait for wait in self._waits if wait.instance != instance}
        self._graph.remove_instance(instance)

    def is_deadlocked(self, instance: str) -> bool:
        """Return whether an instance is part of a cycle of waits."""
        return bool(self._graph.find_cycle(instance))
