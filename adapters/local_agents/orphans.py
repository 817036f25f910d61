"""What an agent leaves behind that died so suddenly that it could end nothing."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MOST_ROUNDS: Final = 10
"""Processes may start others while they are being looked for; but not for ever."""


def kill_processes_of_run(secret: str, *, proc: Path = Path("/proc")) -> None:
    """Kill every process whose environment has the secret of a run (Linux).

    The agent's own children die with it. What these have started is in nobody's list any more, but
    has inherited the secret. So has nobody else: it is made anew for each run.

    Args:
        secret: The secret.
        proc: Where the kernel tells about processes.
    """
    mark = f"CONJOIN_SECRET={secret}".encode()
    for _ in range(MOST_ROUNDS):
        found = [pid for pid in _pids(proc) if pid != os.getpid() and _has(proc, pid, mark)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


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
