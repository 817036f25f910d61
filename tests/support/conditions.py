"""Waiting for something outside of this process, which tells nobody when it happens."""

import time
from collections.abc import Callable

import psutil

PATIENCE = 120.0


def wait_until(
    condition: Callable[[], bool], *, timeout: float = PATIENCE, pause: float = 0.005
) -> None:
    """Wait for a condition, looking again and again.

    Args:
        condition: What is to become true.
        timeout: Seconds to wait at most.
        pause: Seconds between two looks; more where looking costs something.

    Raises:
        AssertionError: If it does not come true in time.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)


def is_running(pid: int) -> bool:
    """Whether a process is there, and not just waiting for its parent to take note of its end."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
