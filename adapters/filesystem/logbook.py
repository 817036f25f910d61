"""The log of a run in a file."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import final

from typing_extensions import override

from adapters.filesystem.last_lines import last_lines
from application.interfaces.logbook import Logbook
from domain.coupling.messages import LogRecord
from domain.errors import ConfigurationError
from domain.running.log_levels import LogLevel, level_name


@final
class FilesystemLogbook(Logbook):
    """Appends lines to a file. May be used from several threads.

    Args:
        path: The file; what is in it already stays.

    Raises:
        ConfigurationError: If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # Unbuffered: each record is one write at the end of the file, so that threads need no
            # lock, and a line is there for `tail -f` and after a crash.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            msg = f"The log file '{path}' cannot be written: {error.strerror}."
            raise ConfigurationError(msg) from error

    @override
    def write(self, record: LogRecord) -> None:
        line = format_record(record) + "\n"
        # A full disk must not stop the run; after close there is nothing left to write to.
        with suppress(OSError, ValueError):
            self._file.write(line.encode(errors="backslashreplace"))

    @override
    def tail(self, *, lines: int) -> str:
        return last_lines(self._path, lines)

    @override
    def close(self) -> None:
        self._file.close()


def format_record(record: LogRecord) -> str:
    """Return a record as a line, in columns as MUSCLE3 writes them.

    Example:
        >>> format_record(LogRecord("micro[0]", 0.0, 20, "Started"))  # doctest: +SKIP
        'micro[0]       1970-01-01 00:00:00,000 INFO    micro[0]: Started'
    """
    level = level_name(record.level, default=LogLevel.INFO)
    moment = _local_time(record.time)
    return f"{record.instance:<14} {moment} {level:<7} {record.instance}: {record.text}"


def _local_time(time: float) -> str:
    try:
        moment = datetime.fromtimestamp(time).astimezone()
    except (OverflowError, OSError, ValueError):
        # The time was sent by a program, and may be anything, as NaN.
        return "(no valid time)        "
    return f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03}"
