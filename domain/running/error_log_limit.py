"""Troubles that come again and again, and are told once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

MOST_TROUBLES: Final = 200


class Troubles:
    """Tells of each trouble with clients once, without letting one of them fill the log.

    A client that is refused comes back again and again, and there may be a port scanner about.

    Args:
        tell: Is given what is to be told.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: set[str] = set()

    def note(self, trouble: str) -> None:
        """Tell of a trouble, if it is a new one, and there were not too many already."""
        if trouble in self._told or len(self._told) >= MOST_TROUBLES:
            return
        self._told.add(trouble)
        self._tell(trouble)
        if len(self._told) == MOST_TROUBLES:
            self._tell("There is too much of this: no more troubles with clients will be told.")
