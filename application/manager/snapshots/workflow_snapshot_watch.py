"""Reports the results of announcing workflow snapshots."""

from __future__ import annotations

from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Scheduler
from application.interfaces.workflow_snapshot_store import AnnouncementResult
from application.manager.run_control import RunControl
from application.manager.status_board import StatusBoard
from domain.running.events import SnapshotAnnounced, SnapshotFailed


class WorkflowSnapshotWatch:
    """Logs and publishes the result of each announcement, and ends the run if required.

    Args:
        board: Publishes events.
        on_announced: Called after a workflow snapshot has been announced.
        control: Ends the run.
        must_store: Whether a workflow snapshot that cannot be stored ends the simulation.
        scheduler: Schedules calls on the services' thread.
        log: The manager's log.
    """

    def __init__(
        self,
        *,
        board: StatusBoard,
        on_announced: Callable[[], None],
        control: RunControl,
        must_store: bool,
        scheduler: Scheduler,
        log: FilteringBoundLogger,
    ) -> None:
        self._board = board
        self._on_announced = on_announced
        self._control = control
        self._must_store = must_store
        self._scheduler = scheduler
        self._log = log

    def note(self, result: AnnouncementResult) -> None:
        """Handle the result of an announcement. Thread-safe."""
        if result.problem:
            self._scheduler.call_soon(lambda: self._note_failed(result.problem))
        else:
            self._scheduler.call_soon(lambda: self._note_announced(result.location))

    def _note_announced(self, location: str) -> None:
        self._log.info("workflow snapshot written", location=location)
        self._board.publish(SnapshotAnnounced(location))
        self._on_announced()

    def _note_failed(self, problem: str) -> None:
        text = f"a workflow snapshot could not be written: {problem}"
        self._log.error(text)
        self._board.publish(SnapshotFailed(problem))
        if self._must_store:
            self._control.fail(text)
