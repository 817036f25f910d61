"""Signals to processes that may end at any time, and whose process IDs may then be reused."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


def send_if(pid: int, number: signal.Signals, *, is_meant: Callable[[], bool]) -> bool:
    """Send a signal to a process, unless its ID belongs to another process by now.

    A pidfd refers to one process even after its ID is reused. So the check is valid for the process
    that gets the signal, if it is made while the pidfd is open. Without pidfds the check is made
    just before.

    Args:
        pid: The process.
        number: The signal.
        is_meant: Returns whether the process that has this ID now is the one that is meant.

    Returns:
        Whether the signal was sent.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):
        return _send_without_pidfd(pid, number, is_meant)
    try:
        if not is_meant():
            return False
        signal.pidfd_send_signal(descriptor, number)
    except OSError:
        return False  # it has ended, or belongs to another user
    finally:
        os.close(descriptor)
    return True


def _send_without_pidfd(pid: int, number: signal.Signals, is_meant: Callable[[], bool]) -> bool:
    try:
        if is_meant():
            os.kill(pid, number)
            return True
    except OSError:
        pass
    return False
