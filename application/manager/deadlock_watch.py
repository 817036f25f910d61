"""Detects deadlocks among the waits that instances report."""

from __future__ import annotations

from collections.abc import Callable

from domain.coupling.messages import Wait, WaitKey
from domain.errors import ManagerRefused
from domain.running.deadlock_suspicions import DeadlockAnswer, DeadlockSuspicions


class DeadlockWatch:
    """Tracks which instances wait for which others, and reports deadlocks.

    Args:
        on_deadlock: Called once with the cycle of waits of each deadlock, when every instance of
            the cycle has confirmed that its message has not arrived.
    """

    def __init__(self, *, on_deadlock: Callable[[tuple[Wait, ...]], None]) -> None:
        self._on_deadlock = on_deadlock
        self._suspicions = DeadlockSuspicions()
        self._waits: set[Wait] = set()

    def add(self, wait: Wait) -> None:
        """Add a wait that has exceeded the receive timeout.

        Raises:
            ManagerRefused: If it has been reported already.
        """
        if wait in self._waits:
            msg = f"Duplicate report of a wait: {wait}"
            raise ManagerRefused(msg)
        self._waits.add(wait)
        self._suspicions.add(wait)

    def remove(self, wait: Wait) -> None:
        """Remove a wait that is over.

        Raises:
            ManagerRefused: If it has not been reported.
        """
        if wait not in self._waits:
            msg = f"Report of the end of an unknown wait: {wait}"
            raise ManagerRefused(msg)
        self._waits.remove(wait)
        self._suspicions.remove(wait)

    def remove_instance(self, instance: str) -> None:
        """Remove all waits of an instance."""
        self._waits = {wait for wait in self._waits if wait.instance != instance}
        self._suspicions.remove_instance(instance)

    def is_deadlocked(self, instance: str) -> bool:
        """Return whether an instance that uses MUSCLE3's protocol is part of a deadlock."""
        return self._reported(self._suspicions.inquire_without_number(instance)).is_deadlock

    def check(self, key: WaitKey, *, confirms: int) -> DeadlockAnswer:
        """Return whether an instance is part of a deadlock; see `DeadlockSuspicions.inquire`."""
        return self._reported(self._suspicions.inquire(key, confirms=confirms))

    def _reported(self, answer: DeadlockAnswer) -> DeadlockAnswer:
        for cycle in self._suspicions.take_new_deadlocks():
            self._on_deadlock(cycle)
        return answer
