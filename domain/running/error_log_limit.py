"""Limits how many errors about clients are logged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

MAX_ERRORS: Final = 200


class ErrorLogLimit:
    """Logs each distinct client error once, up to a limit, so that clients cannot fill the log.

    A rejected client may retry forever, and a port scanner may connect.

    Args:
        log: Logs a message.
    """

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._logged: set[str] = set()

    def note(self, error: str) -> None:
        """Log an error, unless it is a duplicate or the limit is reached."""
        if error in self._logged or len(self._logged) >= MAX_ERRORS:
            return
        self._logged.add(error)
        self._log(error)
        if len(self._logged) == MAX_ERRORS:
            self._log("Too many client errors: further ones are suppressed.")
