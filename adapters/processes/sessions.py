"""Signals to all processes of a session, and to process groups in it.

A program may put what it starts into process groups of its own (mpirun and timeout do), so it is
the session that tells what belongs to it.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Final

from adapters.processes.end_watch import is_alive

MAX_ROUNDS: Final = 10
"""How often to look for processes that were forked while others were being killed."""


def members(session: int) -> set[int]:
    """Return the processes that live in a session, but for the one that began it."""
    return {pid for pid in _all_pids() if _is_in(pid, session) and is_alive(pid)} - {session}


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a process group, if it is there."""
    # macOS refuses (PermissionError) where there are only zombies
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def signal_members(session: int, number: signal.Signals) -> None:
    """Send a signal to each process in a session but the one that began it."""
    for pid in members(session):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def kill_session(session: int) -> None:
    """Kill all processes in a session that has begun with a process that is not yet reaped."""
    signal_group(session, signal.SIGKILL)
    for _ in range(MAX_ROUNDS):
        found = members(session)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _all_pids() -> Iterator[int]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - many times faster
    except FileNotFoundError:
        import psutil

        yield from psutil.pids()
    else:
        yield from (int(name) for name in names if name.isdecimal())


def _is_in(pid: int, session: int) -> bool:
    try:
        return os.getsid(pid) == session
    except (ProcessLookupError, PermissionError):
        return False
