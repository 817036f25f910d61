"""Waits for conditions outside of this process, and checks whether a process runs."""

import psutil

from conjoin.testing.conditions import PATIENCE, wait_until

__all__ = ["PATIENCE", "is_running", "wait_until"]


def is_running(pid: int) -> bool:
    """Whether a process exists, and is not a zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
