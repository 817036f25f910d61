"""Bars that show how many items of a loop are done."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol


class ProgressBar(Protocol):
    """One bar."""

    @abstractmethod
    def advance(self) -> None:
        """Show that one more item is done."""

    @abstractmethod
    def close(self) -> None:
        """Leave the bar as it is. Idempotent."""


class ProgressBars(Protocol):
    """Draws bars for the user. All methods are called on one thread."""

    @abstractmethod
    def open(self, name: str, total: int | None) -> ProgressBar:
        """Show a new bar, also while others are shown.

        Args:
            name: What the loop does.
            total: The number of items; None if it is not known.
        """
