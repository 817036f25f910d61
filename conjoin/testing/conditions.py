"""Polls for conditions outside this process."""

import time
from collections.abc import Callable

PATIENCE = 120.0
"""Default timeout in seconds: far longer than any wait takes, even on a busy machine."""


def wait_until(
    condition: Callable[[], bool], *, timeout: float = PATIENCE, pause: float = 0.005
) -> None:
    """Wait for a condition by evaluating it repeatedly.

    Args:
        condition: Returns whether the wait is over.
        timeout: Maximum time to wait, in seconds.
        pause: Seconds between two evaluations; increase it if the condition is expensive.

    Raises:
        AssertionError: If the condition is not true in time.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "timed out while waiting for a condition"
        time.sleep(pause)
