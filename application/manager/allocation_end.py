"""Stops the run in such a way that it can be resumed."""

from __future__ import annotations

from application.interfaces.clock import Clock
from application.manager.run_control import RunControl
from application.manager.snapshots.run_checkpoints import CheckpointOptions
from domain.running.run_state.events import AllocationEndKnown, SnapshotsCompleted, StopAsked


class AllocationEnd:
    """Asks instances to save before the run is stopped, and stops it once they have.

    Args:
        options: Whether and for how long they may save, and by when the run must end.
        control: Controls the run.
        clock: Provides the time.
    """

    def __init__(self, options: CheckpointOptions, *, control: RunControl, clock: Clock) -> None:
        self._options = options
        self._control = control
        self._clock = clock

    def expect(self) -> None:
        """Schedule saving and stopping before the end of the allocation, if that is known."""
        if self._options.stop_at is not None:
            left = self._options.stop_at - self._clock.time() - (self._options.save_time or 0.0)
            self._control.handle(AllocationEndKnown(max(0.0, left)))

    def stop(self, reason: str) -> None:
        """Stop the run, after the instances have saved if there is time for that.

        A second call stops it at once.

        Args:
            reason: The reason to show to the user.
        """
        self._control.handle(StopAsked(reason))

    def note_announced(self) -> None:
        """Record that there is a set of snapshots to resume from."""
        self._control.handle(SnapshotsCompleted())
