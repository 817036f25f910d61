"""Decides when an instance must save its state."""

from __future__ import annotations

import math
from typing import Final

from application.interfaces.clock import Clock
from domain.checkpointing.checkpoint_schedule import CheckpointSchedule
from domain.model.checkpoint_rules import CheckpointInfo

AT_END: Final = "at_end"


class CheckpointTriggers:
    """Decides when a snapshot is due.

    A snapshot *covers* the checkpoint times for which it is made: they are not due again.

    Args:
        info: The rules, and the time since the start of the run.
        clock: The clock of the instance.

    Attributes:
        saved_until: Seconds since the start of the run up to which our snapshots cover the
            wall-clock rules; None without such rules.
    """

    def __init__(self, info: CheckpointInfo, *, clock: Clock) -> None:
        rules = info.checkpoints
        self.may_save = bool(rules) or info.on_request
        self._request: str | None = None
        # a finished instance cannot receive a request, so save at the end to complete the set
        self._at_end = rules.at_end or info.on_request
        self._wallclock = CheckpointSchedule(rules.wallclock_time, "wallclock_time")
        self._wallclock.cover_until(0.0)  # no snapshot is due at the start of the run
        self._simulation = CheckpointSchedule(rules.simulation_time, "simulation_time")
        self._clock = clock
        self._start = clock.monotonic() - info.elapsed
        self._pass_ended_at = 0.0
        self.saved_until = 0.0 if rules.wallclock_time else None

    def elapsed(self) -> float:
        """Return the seconds since the start of the run."""
        return self._clock.monotonic() - self._start

    def resume(self, timestamp: float | None) -> None:
        """Continue after a snapshot: the checkpoint times that it covers are not due again.

        Args:
            timestamp: Simulation time of the snapshot. NaN for an implicit snapshot, which covers
                all checkpoint times up to the messages of the next pass. None without a snapshot.
        """
        if timestamp is None:
            return
        if math.isnan(timestamp):
            self._simulation.cover_first_query()
        else:
            self._simulation.cover_until(timestamp)

    def request(self, reason: str) -> None:
        """Make a snapshot due at every opportunity from now on. Thread-safe.

        Args:
            reason: Why, for the triggers of the snapshots.
        """
        self._request = f"request: {reason}"

    def note_end_of_pass(self) -> None:
        """Record that a pass is over.

        A checkpoint time that is reached while we wait for the next call belongs to the next pass,
        because our callers also detect it after that call. This matters for callers that do not
        report up to which time they have saved, such as those with MUSCLE3's library.
        """
        self._pass_ended_at = self.elapsed()

    def triggers(self, timestamp: float) -> tuple[str, ...]:
        """Return why a snapshot is due at a simulation time; empty if it is not."""
        return self._triggers_at(self.elapsed(), timestamp)

    def final_triggers(
        self, timestamp: float | None, *, goes_on: bool, called_at: float | None = None
    ) -> tuple[str, ...]:
        """Return why a snapshot is due at the end of a pass; empty if it is not.

        Of the wall-clock rules, only checkpoint times that our callers have already covered count.
        If we saved first, and they saved after our next reply, the snapshots would be inconsistent.
        Within a pass, while our callers wait, our snapshots are consistent with theirs.

        Args:
            timestamp: The largest simulation time among the messages of the next pass, if any.
            goes_on: Whether there is a next pass.
            called_at: Seconds since the start of the run up to which our callers' snapshots cover
                the wall-clock rules; None if not all of them report it, or if this instance is not
                called repeatedly.
        """
        if goes_on and timestamp is not None:
            ended_at = self._pass_ended_at if called_at is None else called_at
            return self._triggers_at(ended_at, timestamp)
        due = (AT_END if self._at_end and not goes_on else None, self._request)
        return tuple(text for text in due if text is not None)

    def note_saved(self, timestamp: float) -> None:
        """Record a snapshot, which covers all checkpoint times reached when it was due.

        Args:
            timestamp: The simulation time up to which it covers them; NaN if unknown.
        """
        if self.saved_until is not None:
            self._wallclock.cover_until(self.saved_until)
        self._simulation.cover_until(timestamp)

    def _triggers_at(self, elapsed: float, timestamp: float) -> tuple[str, ...]:
        if self.saved_until is not None:
            self.saved_until = max(self.saved_until, elapsed)
        due = (
            self._wallclock.due_at(elapsed),
            self._simulation.due_at(timestamp),
            self._request,
        )
        return tuple(text for text in due if text is not None)
