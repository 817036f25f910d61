"""A clock that tests advance by hand."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from typing import final

from application.interfaces.clock import Clock, Scheduler, Timer


@final
class ManualTimer(Timer):
    """A scheduled call of a `ManualClock`."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self._callback = None

    def make_call(self) -> None:
        """Make the call, unless it was cancelled or has been made already."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


@final
class ManualClock(Clock, Scheduler):
    """A clock whose time passes, and whose scheduled calls run, only in `advance`.

    Args:
        start: Initial time, in seconds since the Unix epoch.
    """

    def __init__(self, *, start: float = 1.7e9) -> None:
        self._start = start
        self._elapsed = 0.0
        self._timers: list[tuple[float, int, ManualTimer]] = []
        self._numbers = itertools.count()
        self._soon: deque[Callable[[], None]] = deque()

    def time(self) -> float:
        return self._start + self._elapsed

    def time_ns(self) -> int:
        return round(self.time() * 1e9)

    def monotonic(self) -> float:
        return self._elapsed

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        timer = ManualTimer(callback)
        due = self._elapsed + max(0.0, delay)
        heapq.heappush(self._timers, (due, next(self._numbers), timer))
        return timer

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._soon.append(callback)

    def suspend(self, seconds: float) -> None:
        """Let time pass in which no calls are made; `advance` then makes them late."""
        self._elapsed += seconds

    def advance(self, seconds: float = 0.0) -> None:
        """Advance the time, making each call that becomes due at its own time, in order."""
        end = self._elapsed + seconds
        self._make_calls_due_soon()
        while self._timers and self._timers[0][0] <= end:
            due, _, timer = heapq.heappop(self._timers)
            self._elapsed = max(self._elapsed, due)
            timer.make_call()
            self._make_calls_due_soon()
        self._elapsed = end

    def _make_calls_due_soon(self) -> None:
        while self._soon:
            self._soon.popleft()()
