"""Detects deadlocks: cycles of instances that wait for each other."""

from __future__ import annotations

from domain.coupling.messages import Wait, WaitKey
from domain.coupling.ports import port_label


class WaitGraph:
    """The waits of all instances.

    An instance waits for one peer at a time, or, if it receives in several threads, for several.
    """

    def __init__(self) -> None:
        self._waits: dict[str, dict[WaitKey, Wait]] = {}

    def add(self, wait: Wait) -> None:
        """Record that an instance waits. This method is idempotent."""
        self._waits.setdefault(wait.instance, {})[wait.key] = wait

    def remove(self, wait: Wait) -> None:
        """Record that a wait is over. An unknown wait is ignored."""
        waits = self._waits.get(wait.instance, {})
        waits.pop(wait.key, None)
        if not waits:
            self._waits.pop(wait.instance, None)

    def remove_instance(self, instance: str) -> None:
        """Remove all waits of an instance that is gone."""
        self._waits.pop(instance, None)

    def waits_of(self, instance: str) -> tuple[Wait, ...]:
        """Return the waits of an instance."""
        return tuple(self._waits.get(instance, {}).values())

    def stuck_waits(self, instance: str) -> frozenset[Wait]:
        """Return all waits that keep an instance from continuing; empty if it may still continue.

        An instance is stuck if it waits, and all instances that it waits for are stuck as well. So
        it may continue if any instance that can be reached by following waits does not wait.

        Args:
            instance: Name of an instance.
        """
        found: set[Wait] = set()
        reached = {instance}
        pending = [instance]
        while pending:
            waits = self.waits_of(pending.pop())
            if not waits:
                return frozenset()
            found.update(waits)
            peers = {wait.peer for wait in waits} - reached
            reached |= peers
            pending += peers
        return frozenset(found)

    def find_cycle(self, instance: str) -> tuple[Wait, ...]:
        """Return the waits of a cycle, an instance's own wait first; empty if there is no cycle.

        Args:
            instance: Name of an instance.
        """
        came_by: dict[str, Wait] = {}
        pending = [instance]
        while pending:
            for wait in self._waits.get(pending.pop(), {}).values():
                if wait.peer in came_by:
                    continue
                came_by[wait.peer] = wait
                if wait.peer == instance:
                    return _path_back(instance, came_by)
                pending.append(wait.peer)
        return ()


def _path_back(instance: str, came_by: dict[str, Wait]) -> tuple[Wait, ...]:
    path = [came_by[instance]]
    while path[-1].instance != instance:
        path.append(came_by[path[-1].instance])
    return tuple(reversed(path))


def describe_cycle(cycle: tuple[Wait, ...]) -> str:
    """Describe which instance of a cycle waits for which other."""
    lines = map(_describe_wait, cycle)
    return "\n".join(["Deadlock: these instances wait for each other in a cycle:", *lines])


def _describe_wait(wait: Wait) -> str:
    port = port_label(wait.port, wait.slot)
    if wait.is_sending:
        return f"- '{wait.instance}' waits to send on port '{port}' to '{wait.peer}'"
    return f"- '{wait.instance}' waits on port '{port}' for '{wait.peer}'"
