"""Calls from any thread, and from the garbage collector, to the thread of the event loop."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable

Call = Callable[[], None]


class LoopCalls:
    """Makes calls on the thread of the event loop, soon, and several at a time."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_woken = False

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use an event loop, which runs already or soon."""
        self._loop = loop

    @property
    def is_own_thread(self) -> bool:
        """Whether this is the thread of the event loop, and the loop runs."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def time(self) -> float:
        """Return the time of the event loop, in seconds. Thread-safe."""
        assert self._loop is not None
        return self._loop.time()

    def soon(self, call: Call) -> None:
        """Make a call. Thread-safe; once the loop is closed, it does nothing."""
        self._calls.append(call)
        if self._is_woken or self._loop is None:
            return
        self._is_woken = True
        try:
            self._loop.call_soon_threadsafe(self._run)
        except RuntimeError:
            self._calls.clear()

    def when_gone(self, item: object, call: Call) -> None:
        """Make a call when an object has been garbage collected."""
        finalizer = weakref.finalize(item, self.soon, call)
        finalizer.atexit = False

    def _run(self) -> None:
        self._is_woken = False
        while self._calls:
            self._calls.popleft()()
