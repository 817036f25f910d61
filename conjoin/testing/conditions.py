"""Waits for something outside of this process, which sends no notification."""

import time
from collections.abc import Callable

PATIENCE = 120.0
"""Default timeout in seconds: far longer than anything takes, also on a busy machine."""


def wait_until(
    condition: Callable[[], bool], *, timeout: float = PATIENCE, pause: float = 0.005
) -> None:
    """Wait for a condition by evaluating it repeatedly.

    Args:
        condition: Returns whether the wait is over.
        timeout: Maximum time to wait, in seconds.
        pause: Seconds between two evaluations; choose more where one is expensive.

    Raises:
        AssertionError: If the condition is not true in time.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)
