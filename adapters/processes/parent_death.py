"""Makes the kernel kill child processes when their parent dies, even by SIGKILL (Linux)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def killer_on_parent_death() -> Callable[[], None] | None:
    """Return a function that a new process calls to be killed when its parent dies.

    More precisely, the process is killed when the thread that started it ends.

    Returns:
        The function; None where this is not supported.
    """
    import ctypes  # imported lazily: slow, and rarely needed

    try:
        prctl = ctypes.CDLL(None).prctl
    except (AttributeError, OSError):
        return None
    parent = os.getpid()

    def bind() -> None:
        # runs between fork and exec, so it does as little as possible
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return bind
