"""Finds cycles of actors that wait for each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActorWait:
    """An await by which an actor that runs one task at a time waits for another.

    Attributes:
        key: Identifies the await.
        actor: The actor whose task awaits.
        other: The actor that it waits for: itself, or another.
        since: When the await began, in seconds on the clock of the machine.
    """

    key: str
    actor: str
    other: str
    since: float


@dataclass(frozen=True, slots=True)
class Cycle:
    """Actors that wait for each other.

    Attributes:
        last: The await that closed the cycle.
        actors: The actors, in the order in which they wait.
    """

    last: ActorWait
    actors: tuple[str, ...]


class ActorWaits:
    """The awaits between actors that are going on."""

    def __init__(self) -> None:
        self._waits: dict[str, ActorWait] = {}

    def __len__(self) -> int:
        return len(self._waits)

    def add(self, wait: ActorWait) -> Cycle | None:
        """Add an await, and return the cycle that it is part of, if any.

        The await that began last is removed again, since it is the one that fails.
        """
        self._waits[wait.key] = wait
        path = self._path(wait, goal=wait.actor)
        if path is None:
            return None
        last = max(path, key=lambda item: item.since)
        del self._waits[last.key]
        return Cycle(last, tuple(item.actor for item in path))

    def remove(self, key: str) -> None:
        """Remove an await that has ended. Unknown ones are ignored."""
        self._waits.pop(key, None)

    def _path(self, first: ActorWait, *, goal: str) -> list[ActorWait] | None:
        """Return awaits that lead from the first one to an actor; None if there are none."""
        seen = {first.key}
        paths = [[first]]
        while paths:
            path = paths.pop()
            if path[-1].other == goal:
                return path
            for wait in self._waits.values():
                if wait.actor == path[-1].other and wait.key not in seen:
                    seen.add(wait.key)
                    paths.append([*path, wait])
        return None
