"""Opens a log when the first record is written to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from application.interfaces.logbook import Logbook
from domain.coupling.messages import LogRecord
from domain.errors import ConfigurationError


@final
class LateLogbook(Logbook):
    """Opens another logbook on first use, on the thread that uses it.

    With `QueuedLogbook`, a file system that does not respond then blocks only the log's thread. If
    the logbook cannot be opened, all records are dropped.

    Args:
        open_book: Opens the logbook; may raise a ConfigurationError.
    """

    def __init__(self, open_book: Callable[[], Logbook]) -> None:
        self._open_book = open_book
        self._book: Logbook | None = None
        self._is_unusable = False

    def write(self, record: LogRecord) -> None:
        book = self._opened()
        if book is not None:
            book.write(record)

    def tail(self, *, lines: int) -> str:
        book = self._opened()
        return "" if book is None else book.tail(lines=lines)

    def close(self) -> None:
        self._is_unusable = True
        if self._book is not None:
            self._book.close()

    def _opened(self) -> Logbook | None:
        if self._book is None and not self._is_unusable:
            try:
                self._book = self._open_book()
            except ConfigurationError:
                self._is_unusable = True
        return self._book
