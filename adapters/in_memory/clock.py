"""Time that passes when it is told to."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from typing import final

from application.interfaces.clock import Clock, Scheduler, Timer


@final
class ManualTimer(Timer):
    """A call that is to be made when the time has come."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self._callback = None

    def make_call(self) -> None:
        """Make the call unless it was cancelled or made already."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


@final
class ManualClock(Clock, Scheduler):
    """A clock that stands still, and makes calls, until it is advanced.

    Args:
        start: Seconds since the Unix epoch to begin with.
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
        moment = self._elapsed + max(0.0, delay)
        heapq.heappush(self._timers, (moment, next(self._numbers), timer))
        return timer

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._soon.append(callback)

    def advance(self, seconds: float = 0.0) -> None:
        """Let time pass, making the calls that become due, in order and at their time."""
        end = self._elapsed + seconds
        self._make_calls_due_soon()
        while self._timers and self._timers[0][0] <= end:
            moment, _, timer = heapq.heappop(self._timers)
            self._elapsed = moment
            timer.make_call()
            self._make_calls_due_soon()
        self._elapsed = end

    def _make_calls_due_soon(self) -> None:
        while self._soon:
            self._soon.popleft()()
