"""When this instance must save its state."""

from __future__ import annotations

import math
from collections.abc import Sequence

from application.interfaces.clock import Clock
from domain.checkpoints import CheckpointInfo, CheckpointRule


class CheckpointTriggers:
    """Says when a snapshot is due.

    Args:
        info: The rules, and how long the run has been going on.
        clock: Tells the time.
    """

    def __init__(self, info: CheckpointInfo, *, clock: Clock) -> None:
        self._checkpoints = info.checkpoints
        self._clock = clock
        self._start = clock.monotonic() - info.elapsed
        self._next_wallclock = _next_moment(self._checkpoints.wallclock_time, 0.0)
        self._next_simulation: float | None = None
        self._knows_time = False

    def is_due(self, timestamp: float) -> bool:
        """Whether a snapshot is due at a simulation time."""
        return bool(self.triggers(timestamp))

    def is_final_due(self, timestamp: float | None, *, goes_on: bool) -> bool:
        """Whether a snapshot is due at the end of a pass.

        Args:
            timestamp: The largest simulation time among the messages of the next pass, if any.
            goes_on: Whether there will be a next pass.
        """
        if not goes_on:
            return self._checkpoints.at_end
        return timestamp is not None and bool(self.triggers(timestamp))

    def triggers(self, timestamp: float) -> tuple[str, ...]:
        """Return in words why a snapshot is due at a simulation time; empty if it is not."""
        result = []
        elapsed = self._clock.monotonic() - self._start
        if self._next_wallclock is not None and elapsed >= self._next_wallclock:
            result.append(f"wallclock_time >= {self._next_wallclock}")
        moment = self._simulation_moment(timestamp)
        if moment is not None and timestamp >= moment:
            result.append(f"simulation_time >= {moment}")
        return tuple(result)

    def _simulation_moment(self, timestamp: float) -> float | None:
        if not self._knows_time:
            # the start of simulation time is not known in advance: what lies before now is due
            self._knows_time = True
            rules = self._checkpoints.simulation_time
            passed = [rule.last_until(timestamp) for rule in rules]
            last = max((item for item in passed if item is not None), default=None)
            self._next_simulation = _next_moment(rules, timestamp) if last is None else last
        return self._next_simulation


def _next_moment(rules: Sequence[CheckpointRule], now: float) -> float | None:
    moments = [rule.next_after(math.nextafter(now, -math.inf)) for rule in rules]
    return min((moment for moment in moments if moment is not None), default=None)
