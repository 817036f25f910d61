"""Draws the progress of loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, final

from application.interfaces.progress_bars import ProgressBar, ProgressBars

if TYPE_CHECKING:
    from rich.progress import Progress


@final
class RichProgressBars(ProgressBars):
    """Draws bars with rich, which is imported for the first bar.

    Where the stream is not a terminal, only the last state of each set of bars is written.

    Args:
        stream: Where to draw.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._progress: Progress | None = None
        self._shown = 0

    def open(self, name: str, total: int | None) -> ProgressBar:
        """Show a new bar, below those that are shown."""
        if self._progress is None:
            self._progress = _new_progress(self._stream)
            self._progress.start()
        self._shown += 1
        progress, task = self._progress, self._progress.add_task(name, total=total)
        return _RichProgressBar(lambda: progress.advance(task), self._closed)

    def _closed(self) -> None:
        self._shown -= 1
        if self._shown == 0 and self._progress is not None:
            self._progress.stop()
            self._progress = None


@final
class _RichProgressBar(ProgressBar):
    def __init__(self, advance: Callable[[], Any], closed: Callable[[], None]) -> None:
        self._advance = advance
        self._closed = closed
        self._is_closed = False

    def advance(self) -> None:
        """Show that one more item is done."""
        self._advance()

    def close(self) -> None:
        """Leave the bar as it is."""
        if not self._is_closed:
            self._is_closed = True
            self._closed()


def _new_progress(stream: TextIO) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(file=stream),
        redirect_stdout=False,
        redirect_stderr=False,
    )
