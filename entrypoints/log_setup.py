"""The manager's own log, which structlog writes to the run's logbook.

Nothing global is configured, so embedding a manager does not affect the host program.
"""

from __future__ import annotations

import time

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from application.interfaces.logbook import Logbook
from domain.coupling.messages import LogRecord
from domain.running.log_levels import LogLevel, manager_level

MANAGER = "muscle_manager"


class _LogbookLogger:
    """Writes rendered events to a logbook; structlog calls this a logger."""

    def __init__(self, logbook: Logbook) -> None:
        self._logbook = logbook

    def write(self, *, level: str, text: str) -> None:
        """Add a line to the logbook."""
        number = LogLevel[level.upper()]
        self._logbook.write(LogRecord(MANAGER, time.time(), number, text))

    debug = info = warning = error = critical = write


def make_log(logbook: Logbook, level: str) -> FilteringBoundLogger:
    """Return a log that writes to a logbook.

    Args:
        logbook: Receives the lines.
        level: Name of the lowest level to write.

    Raises:
        ConfigurationError: If the level does not exist.
    """
    log: FilteringBoundLogger = structlog.wrap_logger(
        _LogbookLogger(logbook),
        processors=[structlog.processors.add_log_level, _render],
        wrapper_class=structlog.make_filtering_bound_logger(manager_level(level)),
        cache_logger_on_first_use=False,
    )
    return log


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> dict[str, str]:
    level = str(event.pop("level"))
    text = str(event.pop("event"))
    values = " ".join(f"{key}={value!r}" for key, value in event.items() if value is not None)
    return {"level": level, "text": f"{text} {values}" if values else text}
