"""The times at which snapshots are due according to checkpoint rules."""

from __future__ import annotations

import math
from collections.abc import Sequence

from domain.model.checkpoint_rules import CheckpointRule


class CheckpointSchedule:
    """The checkpoint times of some rules on one clock, and which of them a snapshot has covered.

    Args:
        rules: The rules.
        clock_name: Name of the clock in the reason for a snapshot.
    """

    __slots__ = ("_clock_name", "_covers_first", "_next", "_rules", "_started")

    def __init__(self, rules: Sequence[CheckpointRule], clock_name: str) -> None:
        self._rules = rules
        self._clock_name = clock_name
        self._next: float | None = None
        self._started = False
        self._covers_first = False

    def cover_first_query(self) -> None:
        """Count all checkpoint times up to the next time passed to `due_at` as covered."""
        self._covers_first = True

    def cover_until(self, time: float) -> None:
        """Count all checkpoint times up to and including a time as covered by a snapshot.

        A time that is not finite covers nothing.
        """
        if math.isfinite(time):
            self._started = True
            self._next = self._next_after(time)

    def due_at(self, time: float) -> str | None:
        """Return the checkpoint time that has been reached, as text; None if there is none.

        The time at which the simulation starts is unknown. So if nothing has been covered yet, the
        last checkpoint time before now counts as reached. At a time that is not finite, such as
        that of an empty message, none has been reached.
        """
        if self._covers_first:
            self._covers_first = False
            self.cover_until(time)
        if not math.isfinite(time):
            return None
        if not self._started:
            self._started = True
            last = self._last_until(time)
            self._next = self._next_after(time) if last is None else last
        if self._next is None or time < self._next:
            return None
        return f"{self._clock_name} >= {float(self._next)}"

    def _next_after(self, time: float) -> float | None:
        times = [rule.next_after(time) for rule in self._rules]
        return min((found for found in times if found is not None), default=None)

    def _last_until(self, time: float) -> float | None:
        times = [rule.last_until(time) for rule in self._rules]
        return max((found for found in times if found is not None), default=None)
