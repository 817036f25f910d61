"""The thread that shows a run, at its own pace."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread


class ShowingThread:
    """Calls a function again and again until it is closed, and once more then.

    Args:
        show: What to call. When it raises OSError or ValueError (a terminal that is gone, a closed
            pipe) it is not called again.
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
        """Show the last state, and end. May be called more than once."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.wait(self._period):
                self._show()
            self._show()
        except (OSError, ValueError):
            # Nobody sees it any more, which is no reason to disturb the run.
            return
