"""The log levels of MUSCLE3, which are Python's and two more."""

from __future__ import annotations

from enum import IntEnum


class LogLevel(IntEnum):
    """How important a log record is. Records may have any other number as well."""

    DISABLE = 100
    """As the least level to keep: keeps nothing."""
    CRITICAL = 50
    ERROR = 40
    WARNING = 30
    INFO = 20
    DEBUG = 10
    LOCAL = 0
    """As the least level to keep: keeps everything."""


def level_name(level: int, *, default: LogLevel) -> str:
    """Return the name of a level, and that of the default for numbers without a name."""
    try:
        return LogLevel(level).name
    except ValueError:
        return default.name
