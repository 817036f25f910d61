"""Kills the processes that an agent or a worker leaves behind when it is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

END_TIME: Final = 20.0
"""Seconds for processes to end after SIGKILL; one blocked in the kernel may never end."""

PAUSE: Final = 0.01


def kill_processes_of_run(
    secret: str, *, proc: Path = Path("/proc"), end_time: float = END_TIME
) -> None:
    """Kill all processes with a run's secret in their environment, and wait until they end (Linux).

    The agent's own children die with it. Their descendants are no longer tracked, but have
    inherited the secret, which identifies them because it is unique to the run.

    Args:
        secret: The secret.
        proc: Mount point of procfs.
        end_time: Seconds to wait for them to end.
    """
    kill_marked_processes("CONJOIN_SECRET", secret, proc=proc, end_time=end_time)


def kill_marked_processes(
    variable: str, value: str, *, proc: Path = Path("/proc"), end_time: float = END_TIME
) -> None:
    """Kill all processes with a variable in their environment, and wait until they end (Linux).

    Args:
        variable: The environment variable.
        value: Its value.
        proc: Mount point of procfs.
        end_time: Seconds to wait for them to end.
    """
    mark = f"{variable}={value}".encode()
    deadline = time.monotonic() + end_time
    # repeatedly, because they may start others during the search
    while _kill_all(proc, mark) and time.monotonic() < deadline:
        time.sleep(PAUSE)  # they are not our children, so their end has to be polled


def _kill_all(proc: Path, mark: bytes) -> bool:
    """Kill all processes that have a mark; return whether there were any that we may kill."""
    found = False
    for pid in _pids(proc):
        if pid != os.getpid() and _has(proc, pid, mark):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                found = True
    return found


def _pids(proc: Path) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for name in os.listdir(proc):  # noqa: PTH208 - many times faster
            if name.isdecimal():
                yield int(name)


def _has(proc: Path, pid: int, mark: bytes) -> bool:
    try:
        # empty if the process is a zombie
        return mark in (proc / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
