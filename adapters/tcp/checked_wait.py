"""Waits for a condition that a check from time to time may fulfil."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 10.0
PAUSE_GROWTH: Final = 1.5


def wait_with_checks(
    is_done: Callable[[float], bool], *, end: float, check: Callable[[], None]
) -> bool:
    """Wait for a condition; return whether it is fulfilled.

    Args:
        is_done: Waits for the condition, for so many seconds.
        end: When to give up, on the monotonic clock.
        check: Called from time to time, with growing pauses; it may fulfil the condition.
    """
    pause = FIRST_PAUSE
    while True:
        left = max(0.0, end - time.monotonic())
        if is_done(min(left, pause)):
            return True
        if left <= pause:
            return False
        check()
        pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)
