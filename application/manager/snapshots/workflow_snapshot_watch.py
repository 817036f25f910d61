"""What became of workflow snapshots."""

from __future__ import annotations

from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Scheduler
from application.interfaces.snapshot_store import AnnouncementResult
from application.manager.run_control import RunControl
from application.manager.status_board import StatusBoard
from domain.running.events import SnapshotAnnounced, SnapshotFailed


class WorkflowSnapshotWatch:
    """Tells the log, the watchers, and who waits for one, what became of workflow snapshots.

    Args:
        board: Tells the watchers.
        on_announced: Called when there is a new one.
        control: Stops the run.
        must_store: Whether one that cannot be stored ends the simulation.
        scheduler: Leads from the shelf's thread to that of the services.
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

    def note(self, report: AnnouncementResult) -> None:
        """Take note of what became of one. On any thread."""
        if report.problem:
            self._scheduler.call_soon(lambda: self._note_failed(report.problem))
        else:
            self._scheduler.call_soon(lambda: self._note_announced(report.location))

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
