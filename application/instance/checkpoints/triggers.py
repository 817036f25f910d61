"""When this instance must save its state."""

from __future__ import annotations

import math
from typing import Final

from application.interfaces.clock import Clock
from domain.model.checkpoint_rules import CheckpointInfo, CheckpointSchedule

AT_END: Final = "at_end"


class CheckpointTriggers:
    """Says when a snapshot is due.

    Args:
        info: The rules, and how long the run has been going on.
        clock: Tells the time.

    Attributes:
        saved_until: Up to which second of the run our snapshots answer for all moments of the wall
            clock; None if there are no such rules.
    """

    def __init__(self, info: CheckpointInfo, *, clock: Clock) -> None:
        rules = info.checkpoints
        self.may_save = bool(rules) or info.on_request
        self._request: str | None = None
        # who has come to its end cannot be asked any more, and would be missing in a set
        self._at_end = rules.at_end or info.on_request
        self._wallclock = CheckpointSchedule(rules.wallclock_time, "wallclock_time")
        self._wallclock.answer_until(0.0)  # the start itself is no moment
        self._simulation = CheckpointSchedule(rules.simulation_time, "simulation_time")
        self._clock = clock
        self._start = clock.monotonic() - info.elapsed
        self._pass_ended_at = 0.0
        self.saved_until = 0.0 if rules.wallclock_time else None

    def elapsed(self) -> float:
        """Return the seconds since the start of the run."""
        return self._clock.monotonic() - self._start

    def resume(self, timestamp: float | None) -> None:
        """Go on after a snapshot: what it answered for is not due again.

        Args:
            timestamp: Simulation time of the snapshot; NaN if it was made for a model, and so is
                the answer up to the messages of the next pass; None if there is none.
        """
        if timestamp is None:
            return
        if math.isnan(timestamp):
            self._simulation.answer_first()
        else:
            self._simulation.answer_until(timestamp)

    def request(self, reason: str) -> None:
        """From now on a snapshot is due each time that one can be made. On any thread.

        Args:
            reason: Why, in words.
        """
        self._request = f"request: {reason}"

    def note_end_of_pass(self) -> None:
        """Take note that a pass is over.

        Moments that come while we wait for the next call belong to the next pass: who calls us sees
        them after it too. This is for callers that do not say, such as MUSCLE3's.
        """
        self._pass_ended_at = self.elapsed()

    def triggers(self, timestamp: float) -> tuple[str, ...]:
        """Return in words why a snapshot is due at a simulation time; empty if it is not."""
        return self._triggers_at(self.elapsed(), timestamp)

    def final_triggers(
        self, timestamp: float | None, *, goes_on: bool, called_at: float | None = None
    ) -> tuple[str, ...]:
        """Return in words why a snapshot is due at the end of a pass; empty if it is not.

        Of the wall clock there are only the moments for which those who call us have saved already.
        If we saved for one first, and they after our next answer, the snapshots would not fit
        together. Within a pass, while they wait, ours fit what they have.

        Args:
            timestamp: The largest simulation time among the messages of the next pass, if any.
            goes_on: Whether there will be a next pass.
            called_at: Up to which second of the run the snapshots of our callers answer; None if
                they do not all say, or nobody calls us again and again.
        """
        if goes_on and timestamp is not None:
            ended_at = self._pass_ended_at if called_at is None else called_at
            return self._triggers_at(ended_at, timestamp)
        due = (AT_END if self._at_end and not goes_on else None, self._request)
        return tuple(text for text in due if text is not None)

    def note_saved(self, timestamp: float) -> None:
        """Take note that a snapshot was made: it answers for all moments passed when it was due.

        Args:
            timestamp: The simulation time until which it does; NaN if that is not known.
        """
        if self.saved_until is not None:
            self._wallclock.answer_until(self.saved_until)
        self._simulation.answer_until(timestamp)

    def _triggers_at(self, elapsed: float, timestamp: float) -> tuple[str, ...]:
        if self.saved_until is not None:
            self.saved_until = max(self.saved_until, elapsed)
        due = (
            self._wallclock.due_at(elapsed),
            self._simulation.due_at(timestamp),
            self._request,
        )
        return tuple(text for text in due if text is not None)
