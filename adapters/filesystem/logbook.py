"""Writes the log of a run to a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, final

from adapters.filesystem.last_lines import last_lines
from application.interfaces.logbook import Logbook
from domain.coupling.messages import LogRecord
from domain.errors import ConfigurationError
from domain.running.log_levels import LogLevel, level_name
from domain.wording import on_one_line, without_controls

INDENT: Final = "    "


@final
class FilesystemLogbook(Logbook):
    """Appends lines to a file. Thread-safe.

    Args:
        path: The file; existing contents are kept.

    Raises:
        ConfigurationError: If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # Unbuffered: each record is a single append to the file, so that threads need no
            # lock, and each line is visible to `tail -f` and survives a crash.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            msg = f"The log file '{path}' cannot be written: {error.strerror}."
            raise ConfigurationError(msg) from error

    def write(self, record: LogRecord) -> None:
        line = format_record(record) + "\n"
        # A full disk must not stop the run; after `close`, records are dropped.
        with suppress(OSError, ValueError):
            self._file.write(line.encode(errors="backslashreplace"))

    def tail(self, *, lines: int) -> str:
        return without_controls(last_lines(self._path, lines))

    def close(self) -> None:
        self._file.close()


def format_record(record: LogRecord) -> str:
    """Format a record as a line, in the same columns as MUSCLE3.

    The record may come from any program. Its control characters are escaped, and each further line
    of its text is indented, so that it cannot look like a record of its own.

    Example:
        >>> format_record(LogRecord("micro[0]", 0.0, 20, "Started"))  # doctest: +SKIP
        'micro[0]       1970-01-01 00:00:00,000 INFO    micro[0]: Started'
    """
    level = level_name(record.level, default=LogLevel.INFO)
    time = _local_time(record.time)
    name = on_one_line(record.instance)
    text = "\n".join(_indented(without_controls(record.text).split("\n")))
    return f"{name:<14} {time} {level:<7} {name}: {text}"


def _indented(lines: Sequence[str]) -> Iterator[str]:
    yield lines[0]
    for line in lines[1:]:
        yield line if not line or line.startswith(("  ", "\t")) else f"{INDENT}{line}"


def _local_time(time: float) -> str:
    try:
        local = datetime.fromtimestamp(time).astimezone()
    except (OverflowError, OSError, ValueError):
        # The time was sent by a program and may have any value, such as NaN.
        return "(no valid time)        "
    return f"{local:%Y-%m-%d %H:%M:%S},{local.microsecond // 1000:03}"
