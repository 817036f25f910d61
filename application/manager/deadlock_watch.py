"""Finds deadlocks among the waits that instances report."""

from __future__ import annotations

from collections.abc import Callable

from domain.coupling.messages import Wait
from domain.errors import ManagerRefused
from domain.running.deadlock import WaitGraph


class DeadlockWatch:
    """Keeps track of who waits for whom.

    Args:
        on_deadlock: Is told of each cycle, once.
    """

    def __init__(self, *, on_deadlock: Callable[[tuple[Wait, ...]], None]) -> None:
        self._on_deadlock = on_deadlock
        self._graph = WaitGraph()
        self._waits: set[Wait] = set()
        self._reported: set[frozenset[Wait]] = set()

    def add(self, wait: Wait) -> None:
        """Note a wait that has gone on for longer than the timeout.

        Raises:
            ManagerRefused: If it has been reported already.
        """
        if wait in self._waits:
            msg = f"The same wait was reported twice: {wait}"
            raise ManagerRefused(msg)
        self._waits.add(wait)
        self._graph.add(wait)
        cycle = self._graph.find_cycle(wait.instance)
        if cycle and frozenset(cycle) not in self._reported:
            self._reported.add(frozenset(cycle))
            self._on_deadlock(cycle)

    def remove(self, wait: Wait) -> None:
        """Note that a wait is over.

        Raises:
            ManagerRefused: If it has not been reported.
        """
        if wait not in self._waits:
            msg = f"The end of a wait was reported that had not begun: {wait}"
            raise ManagerRefused(msg)
        self._waits.remove(wait)
        self._graph.remove(wait)
        # should the same cycle close once more, it is to be told again
        self._reported = {cycle for cycle in self._reported if wait not in cycle}

    def remove_instance(self, instance: str) -> None:
        """Note that an instance is gone."""
        self._waits = {wait for wait in self._waits if wait.instance != instance}
        self._graph.remove_instance(instance)

    def is_deadlocked(self, instance: str) -> bool:
        """Return whether an instance is part of a cycle of waits."""
        return bool(self._graph.find_cycle(instance))
