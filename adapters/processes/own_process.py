"""Measures this process with psutil."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Final, final

import psutil

from adapters.processes.cgroups import read_limits
from application.interfaces.own_process import OwnProcess

SHARE: Final = 0.85
"""The part of the memory of the machine, or of its limit, that a process may use."""


@final
class PsutilOwnProcess(OwnProcess):
    """Measures this process.

    Args:
        limit: Number of bytes that it may use; None for a part of what the system allows.
        proc: Mount point of procfs.
        sys: Mount point of sysfs.
    """

    def __init__(
        self,
        *,
        limit: int | None = None,
        proc: Path = Path("/proc"),
        sys: Path = Path("/sys"),
    ) -> None:
        self._limit = limit
        self._proc = proc
        self._sys = sys
        self._process: psutil.Process | None = None

    @property
    def process(self) -> psutil.Process:
        """The process."""
        if self._process is None:
            self._process = psutil.Process()
        return self._process

    def cpu_load(self) -> float:
        """Return the load since the previous call."""
        return float(self.process.cpu_percent(None))

    def rss(self) -> int:
        """Return the resident set size."""
        return int(self.process.memory_info().rss)

    def memory_limit(self) -> int:
        """Return 0.85 of the least of RAM, RLIMIT_RSS, and the limits of control groups."""
        if self._limit is None:
            limits = [psutil.virtual_memory().total, read_limits(self._proc, self._sys).memory]
            soft, _ = resource.getrlimit(resource.RLIMIT_RSS)
            if soft != resource.RLIM_INFINITY:
                limits.append(soft)
            self._limit = int(SHARE * min(item for item in limits if item is not None))
        return self._limit
