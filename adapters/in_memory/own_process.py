"""A process that uses what a test sets."""

from __future__ import annotations

from typing import final

from application.interfaces.own_process import OwnProcess


@final
class InMemoryOwnProcess(OwnProcess):
    """Returns the numbers that it was given.

    Attributes:
        load: The load that every call but the first returns.
    """

    def __init__(self, *, rss: int = 0, limit: int = 1) -> None:
        self.load = 0.0
        self._rss = rss
        self._limit = limit
        self._is_first = True

    @property
    def process(self) -> object:
        """This object."""
        return self

    def cpu_load(self) -> float:
        """Return the load; 0 at the first call."""
        first, self._is_first = self._is_first, False
        return 0.0 if first else self.load

    def rss(self) -> int:
        """Return the number that was given."""
        return self._rss

    def memory_limit(self) -> int:
        """Return the number that was given."""
        return self._limit
