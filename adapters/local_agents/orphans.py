"""What an agent leaves behind that died so suddenly that it could end nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

END_TIME: Final = 20.0
"""Seconds for processes to disappear after SIGKILL; one that sits in the kernel may never do."""

PAUSE: Final = 0.01


def kill_processes_of_run(
    secret: str, *, proc: Path = Path("/proc"), end_time: float = END_TIME
) -> None:
    """Kill every process whose environment has the secret of a run, and wait for the end (Linux).

    The agent's own children die with it. What these have started is in nobody's list any more, but
    has inherited the secret. So has nobody else: it is made anew for each run.

    Args:
        secret: The secret.
        proc: Where the kernel tells about processes.
        end_time: Seconds that they have to end.
    """
    mark = f"CONJOIN_SECRET={secret}".encode()
    deadline = time.monotonic() + end_time
    # again and again, because they may start others while they are being looked for
    while _kill_all(proc, mark) and time.monotonic() < deadline:
        time.sleep(PAUSE)  # they are not ours, so nobody tells us when they end


def _kill_all(proc: Path, mark: bytes) -> bool:
    """Kill all processes that have a mark; return whether there are any that may be killed."""
    are_there = False
    for pid in _pids(proc):
        if pid != os.getpid() and _has(proc, pid, mark):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                are_there = True
    return are_there


def _pids(proc: Path) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for name in os.listdir(proc):  # noqa: PTH208 - many times faster
            if name.isdecimal():
                yield int(name)


def _has(proc: Path, pid: int, mark: bytes) -> bool:
    try:
        # empty for a zombie
        return mark in (proc / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
