"""The result of a run, for threads and event loops that wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from domain.running.events import RunFinished


class Outcome:
    """A result that is set once. Any number of threads and event loops can wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._result: RunFinished | None = None
        self._callbacks: set[Callable[[], None]] = set()

    @property
    def result(self) -> RunFinished | None:
        """How the run ended; None until it is over."""
        return self._result

    def settle(self, result: RunFinished) -> bool:
        """Set the result.

        Returns:
            Whether it was set; False if there already was a result, which is kept.
        """
        with self._changed:
            if self._result is not None:
                return False
            self._result = result
            self._changed.notify_all()
            callbacks, self._callbacks = self._callbacks, set()
        for callback in callbacks:
            callback()
        return True

    def wait(self, timeout: float | None) -> RunFinished | None:
        """Block until there is a result; return it, or None on a timeout."""
        with self._changed:
            self._changed.wait_for(lambda: self._result is not None, timeout)
        return self._result

    async def wait_in_loop(self) -> RunFinished:
        """Wait for the result without blocking the event loop."""
        loop = asyncio.get_running_loop()
        has_result = asyncio.Event()

        def wake_up() -> None:
            # the loop has been closed meanwhile, so nothing there waits for the result
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(has_result.set)

        with self._changed:
            if self._result is None:
                self._callbacks.add(wake_up)
            else:
                has_result.set()
        try:
            await has_result.wait()
        finally:
            with self._changed:
                self._callbacks.discard(wake_up)
        assert self._result is not None
        return self._result
