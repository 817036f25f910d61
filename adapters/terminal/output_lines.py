"""Prints the output of programs without showing the progress of the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from adapters.terminal.display_thread import ShowingThread
from adapters.terminal.overview import printable


class OutputLines:
    """Prints new lines of output several times per second.

    Args:
        new_lines: Returns the lines since its last call.
        stream: Stream to print to; only one thread writes to it, and it is never closed.
        period: Seconds between checks for new lines.
    """

    def __init__(
        self, new_lines: Callable[[], Sequence[str]], *, stream: TextIO, period: float = 0.25
    ) -> None:
        self._new_lines = new_lines
        self._stream = stream
        self._thread = ShowingThread(self._show, name="output of programs", period=period)

    def close(self) -> None:
        """Print what is left and end the thread. Idempotent."""
        self._thread.close()

    def _show(self) -> None:
        lines = [printable(line) for line in self._new_lines()]
        if lines:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
