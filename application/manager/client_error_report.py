"""Reports clients that violate a protocol or disappear, each error once."""

from __future__ import annotations

from typing import Final

from application.interfaces.clock import Clock
from application.interfaces.logbook import Logbook
from application.manager.status_board import StatusBoard
from domain.coupling.messages import LogRecord
from domain.running.error_log_limit import ErrorLogLimit
from domain.running.events import LogRecorded
from domain.running.log_levels import LogLevel
from domain.wording import without_controls

MANAGER: Final = "muscle_manager"


class ClientErrorReport:
    """Logs each client error once, and publishes it as an event.

    Args:
        board: Publishes the events.
        logbook: Stores the log records.
        clock: Provides the time of each record.
    """

    def __init__(self, *, board: StatusBoard, logbook: Logbook, clock: Clock) -> None:
        self._board = board
        self._logbook = logbook
        self._clock = clock
        self._limit = ErrorLogLimit(self._log)

    def note(self, error: str) -> None:
        """Report an error, unless it is a duplicate or the limit is reached."""
        self._limit.note(error)

    def _log(self, text: str) -> None:
        record = LogRecord(MANAGER, self._clock.time(), LogLevel.WARNING, without_controls(text))
        self._logbook.write(record)
        self._board.publish(LogRecorded(record))
