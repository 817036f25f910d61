"""The thread that periodically shows a run."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread


class ShowingThread:
    """Calls a function periodically until it is closed, and a last time when closing.

    Args:
        show: The function. If it raises OSError or ValueError (the terminal or pipe is closed), it
            is not called again.
        name: Name of the thread.
        period: Seconds between calls.
    """

    def __init__(self, show: Callable[[], None], *, name: str, period: float) -> None:
        self._show = show
        self._period = period
        self._closing = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Show the last state and end the thread. Idempotent."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.wait(self._period):
                self._show()
            self._show()
        except (OSError, ValueError):
            # The output is no longer visible, but that must not affect the run.
            return
