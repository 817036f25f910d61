"""Writes a log on a separate thread, so that a slow disk does not delay the program."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Final, final

from application.interfaces.logbook import Logbook
from domain.coupling.messages import LogRecord
from domain.running.log_levels import LogLevel
from domain.wording import counted

MAX_PENDING: Final = 2**24
"""Maximum size of the records that wait to be written, in characters."""

RECORD_SIZE: Final = 200
"""Size that a record has in addition to its text, approximately."""

FLUSH_TIME: Final = 5.0
"""Seconds for which to wait until pending records are written, before reading or closing."""

WRITER: Final = "muscle_manager"


@final
class QueuedLogbook(Logbook):
    """Queues records for a thread that writes them to another logbook.

    If too many are pending, new records are dropped and counted. The count is written to the log
    as soon as there is space again.

    Args:
        book: The logbook to write to. If its `write` blocks, only the thread is blocked.
        writer: Name of the program, for the record about those that were dropped.
        max_pending: Maximum size of the pending records.
        flush_time: Seconds for which `tail` and `close` wait until all records are written. If that
            is not enough, `tail` returns nothing, and `close` gives up.
    """

    def __init__(
        self,
        book: Logbook,
        *,
        writer: str = WRITER,
        max_pending: int = MAX_PENDING,
        flush_time: float = FLUSH_TIME,
    ) -> None:
        self._book = book
        self._writer = writer
        self._max_pending = max_pending
        self._flush_time = flush_time
        self._records: deque[LogRecord] = deque()
        self._pending = 0
        self._dropped = 0
        self._is_closed = False
        self._is_abandoned = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def write(self, record: LogRecord) -> None:
        with self._changed:
            if self._is_closed:
                return
            if self._pending + _size(record) > self._max_pending and self._records:
                self._dropped += 1
                return
            self._report_dropped()
            self._append(record)

    def tail(self, *, lines: int) -> str:
        with self._changed:
            if not self._is_flushed():
                return ""
        return self._book.tail(lines=lines)

    def close(self) -> None:
        with self._changed:
            if not self._is_closed:
                self._report_dropped()
            self._is_closed = True
            self._changed.notify_all()
            # if it takes too long, the thread, which is a daemon, closes the book
            self._is_abandoned = not self._is_flushed()
        if self._is_abandoned:
            return
        if self._thread is not None:
            self._thread.join()
        self._book.close()

    def _is_flushed(self) -> bool:
        """Wait until all records are written; return whether they are. Called with the lock."""
        return self._changed.wait_for(lambda: self._pending == 0, self._flush_time)

    def _report_dropped(self) -> None:
        """Add a line about records that were dropped. Called with the lock."""
        if self._dropped:
            lost = counted(self._dropped, "record")
            text = f"{lost} of the log could not be written in time, because the disk is too slow"
            self._dropped = 0
            self._append(LogRecord(self._writer, time.time(), LogLevel.WARNING, text))

    def _append(self, record: LogRecord) -> None:
        self._records.append(record)
        self._pending += _size(record)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="conjoin-log", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._records or self._is_closed)
                if not self._records:
                    is_abandoned = self._is_abandoned
                    break
                record = self._records[0]
            self._book.write(record)
            with self._changed:
                self._records.popleft()
                self._pending -= _size(record)
                self._changed.notify_all()
        if is_abandoned:
            self._book.close()


def _size(record: LogRecord) -> int:
    return RECORD_SIZE + len(record.text)
