"""Progress bars for tests: they record what they show."""

from __future__ import annotations

from typing import final

from application.interfaces.progress_bars import ProgressBar, ProgressBars


@final
class InMemoryProgressBars(ProgressBars):
    """Keeps all bars.

    Attributes:
        bars: The bars, in the order in which they were opened.
    """

    def __init__(self) -> None:
        self.bars: list[InMemoryProgressBar] = []

    def open(self, name: str, total: int | None) -> ProgressBar:
        """Add a bar."""
        bar = InMemoryProgressBar(name, total)
        self.bars.append(bar)
        return bar


@final
class InMemoryProgressBar(ProgressBar):
    """Counts.

    Attributes:
        name: What the loop does.
        total: The number of items.
        done: How many are done.
        is_closed: Whether it was closed.
    """

    def __init__(self, name: str, total: int | None) -> None:
        self.name = name
        self.total = total
        self.done = 0
        self.is_closed = False

    def advance(self) -> None:
        """Count one more."""
        self.done += 1

    def close(self) -> None:
        """Keep the count."""
        self.is_closed = True
