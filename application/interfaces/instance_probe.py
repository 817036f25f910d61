"""Finding out whether an instance is still there that is not heard of."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from domain.running.presence import Presence


class InstanceProbe(Protocol):
    """Looks for instances where they said that they can be reached."""

    @abstractmethod
    def look(self, locations: Sequence[str], found: Callable[[Presence], None]) -> None:
        """Look whether an instance is still there, without disturbing it. Returns at once.

        Args:
            locations: What the instance has published.
            found: Is told once, on the thread on which the manager's services live: THERE if
                somebody listens at one of the locations; GONE if the machine is there and nobody
                does; UNKNOWN if that cannot be told from here.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop looking. May be used from any thread; who was not told yet may never be."""
