"""The methods by which peers write to the log of a runtime."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from application.runtime.log import RuntimeLog

Raised = tuple[type[BaseException], BaseException, TracebackType | None]


class Failures:
    """Errors that belong to no call: the next await of `main` raises them."""

    def __init__(self) -> None:
        self._errors: list[BaseException] = []
        self._added: Callable[[], None] | None = None

    def notify(self, added: Callable[[], None]) -> None:
        """Call back when an error is added."""
        self._added = added

    def add(self, error: BaseException) -> None:
        """Add an error."""
        self._errors.append(error)
        if self._added is not None:
            self._added()

    def take(self) -> BaseException | None:
        """Remove and return the first error, or None."""
        return self._errors.pop(0) if self._errors else None


class LogNames:
    """Writes what peers send.

    Args:
        log: The log of the process.
        failures: Keeps errors for the head.
    """

    def __init__(self, *, log: RuntimeLog, failures: Failures) -> None:
        self._log = log
        self._failures = failures

    def set_logger(self) -> None:
        """Create the logger. It exists already, so this changes nothing."""

    def log_debug(self, sender_id: str, buf: str) -> None:
        """Write at level debug."""
        self._log.write("debug", sender_id, buf)

    def log_info(self, sender_id: str, buf: str) -> None:
        """Write at level info."""
        self._log.write("info", sender_id, buf)

    def log_perf(self, sender_id: str, buf: str) -> None:
        """Write at level perf."""
        self._log.write("perf", sender_id, buf)

    def log_warning(self, sender_id: str, buf: str) -> None:
        """Write at level warning."""
        self._log.write("warning", sender_id, buf)

    def log_error(self, sender_id: str, buf: str) -> None:
        """Write at level error."""
        self._log.write("error", sender_id, buf)

    def raise_exception(self, sender_id: str, exc: Raised) -> None:
        """Log an error that belongs to no call, and raise it at the next await of `main`."""
        kind, error, traceback = exc
        self._log.write("error", sender_id, f"{kind.__name__}: {error}")
        self._failures.add(error.with_traceback(traceback))
