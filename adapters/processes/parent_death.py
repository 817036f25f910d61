"""Having processes killed when the one that started them dies, however suddenly (Linux)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def killer_on_parent_death() -> Callable[[], None] | None:
    """Return what is to be called in a new process to bind its life to that of its parent.

    Precisely, to that of the thread that starts it.

    Returns:
        The function; None where there is no such thing.
    """
    import ctypes  # only those who use this pay for it

    try:
        prctl = ctypes.CDLL(None).prctl
    except (AttributeError, OSError):
        return None
    parent = os.getpid()

    def bind() -> None:
        # runs between fork and exec, where as little as possible should be done
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return bind
