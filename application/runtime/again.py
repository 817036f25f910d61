"""A marker for a task that will run again."""

from __future__ import annotations

from typing import Final


class Again:
    """The task returns to its place in the queue."""


AGAIN: Final = Again()
