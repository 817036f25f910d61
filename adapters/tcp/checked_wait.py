"""Waits for a condition that a repeated check may make true."""

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
    """Wait for a condition; return whether it became true.

    Args:
        is_done: Waits for the condition for the given number of seconds.
        end: When to give up, on the monotonic clock.
        check: Called repeatedly, with increasing pauses. It may make the condition true.
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
