"""Ties processes to their parents, even if those die by SIGKILL (Linux)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def killer_on_parent_death() -> Callable[[], None] | None:
    """Return a function that a new process calls to be killed when its parent dies.

    More precisely, the process is killed when the thread that started it ends.

    Returns:
        The function; None where this is not supported.
    """
    prctl = _prctl()
    if prctl is None:
        return None
    parent = os.getpid()

    def bind() -> None:
        # runs between fork and exec, so it does as little as possible
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return bind


def terminate_with_parent(parent: int) -> None:
    """Make the kernel send SIGTERM to this process when its parent dies, where supported.

    Args:
        parent: Process ID of the parent; if it has died already, the signal is sent now.
    """
    prctl = _prctl()
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


def become_subreaper() -> bool:
    """Become the parent of all descendants whose own parents end.

    Returns:
        Whether this is supported.
    """
    prctl = _prctl()
    return prctl is not None and prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def _prctl() -> Callable[..., int] | None:
    import ctypes  # imported here, so that only users of these functions pay for it

    try:
        function: Callable[..., int] = ctypes.CDLL(None).prctl
    except (AttributeError, OSError):
        return None
    return function
