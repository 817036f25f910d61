"""Tells of clients that make no sense, without letting one of them fill the log."""

from __future__ import annotations

from typing import Final

from application.interfaces.clock import Clock
from application.interfaces.logbook import Logbook
from application.manager.status_board import StatusBoard
from domain.events import LogRecorded
from domain.messages import LogRecord

MANAGER: Final = "muscle_manager"
WARNING: Final = 30
MOST_TROUBLES: Final = 200


class TroubleReport:
    """Logs each trouble once, and shows it to whoever watches the run.

    A client that is refused comes back again and again, and there may be a port scanner about.

    Args:
        board: Tells the watchers.
        logbook: Where it is written.
        clock: Tells the time.
    """

    def __init__(self, *, board: StatusBoard, logbook: Logbook, clock: Clock) -> None:
        self._board = board
        self._logbook = logbook
        self._clock = clock
        self._told: set[str] = set()

    def note(self, trouble: str) -> None:
        """Tell of a trouble, if it is a new one, and there were not too many already."""
        if trouble in self._told or len(self._told) >= MOST_TROUBLES:
            return
        self._told.add(trouble)
        self._tell(trouble)
        if len(self._told) == MOST_TROUBLES:
            self._tell("There is too much of this: no more troubles with clients will be told.")

    def _tell(self, text: str) -> None:
        record = LogRecord(MANAGER, self._clock.time(), WARNING, text)
        self._logbook.write(record)
        self._board.publish(LogRecorded(record))
