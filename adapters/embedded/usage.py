"""Reads the memory and CPU use of the processes of a run from procfs."""

from __future__ import annotations

import os
import time
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_TIMES: Final = slice(11, 13)
"""User and system time in /proc/PID/stat, counted from the state."""

_RSS: Final = 21


class ProcessMeter:
    """Measures one process.

    Args:
        pid: The process.
        proc: Mount point of procfs.
    """

    def __init__(self, pid: int, *, proc: str = "/proc") -> None:
        self._path = f"{proc}/{pid}/stat"
        self._previous: tuple[float, int] | None = None

    def sample(self, now: float | None = None) -> tuple[float, int]:
        """Return the percentage of a core since the previous sample, and the bytes of memory.

        Args:
            now: The time; by default that of the monotonic clock.
        """
        try:
            with open(self._path, "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return 0.0, 0
        time_now = time.monotonic() if now is None else now
        ticks = sum(map(int, fields[_TIMES]))
        before, self._previous = self._previous, (time_now, ticks)
        rss = int(fields[_RSS]) * _PAGE
        if before is None or time_now <= before[0]:
            return 0.0, rss
        return 100.0 * (ticks - before[1]) / _TICKS / (time_now - before[0]), rss
