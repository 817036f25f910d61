"""MUSCLE3's log levels: Python's, and two more."""

from __future__ import annotations

from enum import IntEnum

from domain.errors import ConfigurationError


class LogLevel(IntEnum):
    """The level of a log record. Records may have any other number as well."""

    DISABLE = 100
    """As the lowest level to keep: keeps nothing."""
    CRITICAL = 50
    ERROR = 40
    WARNING = 30
    INFO = 20
    DEBUG = 10
    LOCAL = 0
    """As the lowest level to keep: keeps everything."""


def level_name(level: int, *, default: LogLevel) -> str:
    """Return the name of a level, or the default level's name for a number without a name."""
    try:
        return LogLevel(level).name
    except ValueError:
        return default.name


def manager_level(name: str) -> LogLevel:
    """Return the lowest level that the manager logs, by its name in any case.

    Raises:
        ConfigurationError: If the level does not exist, or is not one for the manager.
    """
    levels = {
        level.name: level
        for level in sorted(LogLevel)
        if level not in (LogLevel.LOCAL, LogLevel.DISABLE)
    }
    if name.upper() not in levels:
        msg = f"Log level '{name}' does not exist. Use one of {', '.join(levels)}."
        raise ConfigurationError(msg)
    return levels[name.upper()]
