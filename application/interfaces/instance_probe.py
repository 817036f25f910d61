"""Checks whether a silent instance is still alive."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from domain.running.presence import Presence


class InstanceProbe(Protocol):
    """Probes instances at their published locations."""

    @abstractmethod
    def look(self, locations: Sequence[str], found: Callable[[Presence], None]) -> None:
        """Check whether an instance is alive, without disturbing it. Does not block.

        Args:
            locations: The locations that the instance has published.
            found: Called once, on the thread of the manager's services: with THERE if a process
                listens at one of the locations; with GONE if the machine responds but no process
                listens there; with UNKNOWN if neither can be determined.
        """

    @abstractmethod
    def close(self) -> None:
        """Cancel all probes. Thread-safe; pending callbacks may never be called."""
