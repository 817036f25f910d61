"""Sends signals to all processes of a session, and to its process groups.

A program may put its children into new process groups (mpirun and timeout do), so the session
determines which processes belong to it.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Collection, Iterator
from typing import Final

from adapters.processes.end_watch import is_alive
from adapters.processes.pid_signals import send_if

MAX_ROUNDS: Final = 10
"""Maximum number of scans: processes may be forked while others are being killed."""


def members(session: int) -> set[int]:
    """Return the live processes of a session, except its leader."""
    return members_of([session])[session]


def members_of(sessions: Collection[int]) -> dict[int, set[int]]:
    """Return the live processes of each of several sessions, except their leaders."""
    found: dict[int, set[int]] = {session: set() for session in sessions}
    for pid in _all_pids():
        session = _session_of(pid)
        if session in found and pid != session and is_alive(pid):
            found[session].add(pid)
    return found


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a process group, if it exists."""
    # macOS raises PermissionError if the group contains only zombies
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def signal_members(session: int, number: signal.Signals) -> set[int]:
    """Send a signal to each process of a session except its leader; return those."""
    return {pid for pid in members(session) if _send(pid, session, number)}


def kill_session(session: int) -> None:
    """Kill all processes of a session whose leader has not been reaped yet."""
    signal_group(session, signal.SIGKILL)
    for _ in range(MAX_ROUNDS):
        found = members(session)
        if not found:
            return
        for pid in found:
            _send(pid, session, signal.SIGKILL)


def _send(pid: int, session: int, number: signal.Signals) -> bool:
    return send_if(pid, number, is_meant=lambda: _is_in(pid, session))


def _all_pids() -> Iterator[int]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - many times faster
    except FileNotFoundError:
        import psutil

        yield from psutil.pids()
    else:
        yield from (int(name) for name in names if name.isdecimal())


def _is_in(pid: int, session: int) -> bool:
    return _session_of(pid) == session


def _session_of(pid: int) -> int:
    """Return the session of a process; 0 if it has ended."""
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return 0
