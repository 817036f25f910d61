"""The system clock."""

from __future__ import annotations

import time
from typing import final

from application.interfaces.clock import Clock


@final
class SystemClock(Clock):
    """Reads the system's clocks."""

    def time(self) -> float:
        return time.time()

    def time_ns(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()
