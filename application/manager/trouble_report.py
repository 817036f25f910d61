"""Tells of clients that make no sense, or that are not heard of any more."""

from __future__ import annotations

from typing import Final

from application.interfaces.clock import Clock
from application.interfaces.logbook import Logbook
from application.manager.status_board import StatusBoard
from domain.coupling.messages import LogRecord
from domain.running.error_log_limit import Troubles
from domain.running.events import LogRecorded
from domain.running.log_levels import LogLevel

MANAGER: Final = "muscle_manager"


class TroubleReport:
    """Logs each trouble once, and shows it to whoever watches the run.

    Args:
        board: Tells the watchers.
        logbook: Where it is written.
        clock: Tells the time.
    """

    def __init__(self, *, board: StatusBoard, logbook: Logbook, clock: Clock) -> None:
        self._board = board
        self._logbook = logbook
        self._clock = clock
        self._troubles = Troubles(self._tell)

    def note(self, trouble: str) -> None:
        """Tell of a trouble, if it is a new one, and there were not too many already."""
        self._troubles.note(trouble)

    def _tell(self, text: str) -> None:
        record = LogRecord(MANAGER, self._clock.time(), LogLevel.WARNING, text)
        self._logbook.write(record)
        self._board.publish(LogRecorded(record))
