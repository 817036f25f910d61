"""Stopping a run in such a way that it can be resumed."""

from __future__ import annotations

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Clock, Scheduler, Timer
from application.manager.registration import InstanceRegistry
from application.manager.run_control import RunControl
from application.manager.snapshots.run_checkpoints import CheckpointOptions, RunCheckpoints
from application.manager.status_board import StatusBoard
from domain.running.events import StopRequested

TIME_IS_OVER = "The time of the run was over."


class AllocationEnd:
    """Has instances save before the run is stopped, and stops it once they have.

    Args:
        options: Whether and for how long they may, and when the run ends.
        checkpoints: Asks instances to save.
        registry: Who takes part.
        control: Stops the run.
        board: Tells the watchers.
        scheduler: Calls back later.
        clock: Tells the time.
        log: The manager's log.
    """

    def __init__(
        self,
        options: CheckpointOptions,
        *,
        checkpoints: RunCheckpoints,
        registry: InstanceRegistry,
        control: RunControl,
        board: StatusBoard,
        scheduler: Scheduler,
        clock: Clock,
        log: FilteringBoundLogger,
    ) -> None:
        self._options = options
        self._checkpoints = checkpoints
        self._registry = registry
        self._control = control
        self._board = board
        self._scheduler = scheduler
        self._clock = clock
        self._log = log
        self._reason: str | None = None
        self._patience: Timer | None = None

    def expect(self) -> None:
        """Wait for the end of the allocation, if it is known."""
        if self._options.stop_at is not None:
            left = self._options.stop_at - self._clock.time() - (self._options.save_time or 0.0)
            self._scheduler.call_later(max(0.0, left), self._end)

    def stop(self, reason: str) -> None:
        """Stop the run, after the instances have saved if there is time for that.

        A second call stops it at once.

        Args:
            reason: Why, for the user.
        """
        registered = self._registry.registered()
        cannot = [str(name) for name in registered if not self._registry.is_own(str(name))]
        if self._options.save_time is None or self._reason is not None or not registered:
            self._stop_now(reason)
        elif cannot:
            self._board.publish(StopRequested(reason, 0.0, tuple(cannot)))
            self._log.warning(f"instances of MUSCLE3 cannot be asked to save: {', '.join(cannot)}")
            self._stop_now(reason)
        else:
            self._save(reason, self._options.save_time)

    def note_announced(self) -> None:
        """Take note that there is a set of snapshots to resume from."""
        if self._reason is not None:
            self._stop_now(self._reason)

    def _end(self) -> None:
        if self._options.save_time is None:
            self._stop_now(TIME_IS_OVER)
        elif self._reason is None:
            self._save(TIME_IS_OVER, self._options.save_time)

    def _save(self, reason: str, seconds: float) -> None:
        self._reason = reason
        self._board.publish(StopRequested(reason, seconds))
        self._log.warning(
            f"{reason} All instances save, for up to {seconds:g} s, and then the run is stopped."
        )
        self._checkpoints.request_all(reason)
        self._patience = self._scheduler.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        assert self._reason is not None
        self._log.warning("no set of snapshots was completed in time")
        self._stop_now(self._reason)

    def _stop_now(self, reason: str) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._control.stop(reason)
