"""The log of a run, to which every process writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

LEVELS: Final = ("debug", "info", "perf", "warning", "error")
"""The levels, in the order of their weight: `perf` is between debug and info."""

_WEIGHTS: Final = {"debug": 10, "perf": 15, "info": 20, "warning": 30, "error": 40}

Sink = Callable[[str, str, str], None]
"""Writes a text to the log: level, uid of the writer, text."""


class RuntimeLog:
    """The logger of one process.

    Args:
        uid: The uid of the process.
        level: The lowest level that is written.
        sink: Writes it.

    Raises:
        ValueError: The level does not exist.
    """

    def __init__(self, *, uid: str, level: str, sink: Sink) -> None:
        if level not in _WEIGHTS:
            msg = f"Log level '{level}' does not exist. Choose one of {', '.join(LEVELS)}"
            raise ValueError(msg)
        self._uid = uid
        self._lowest = _WEIGHTS[level]
        self._sink = sink

    def write(self, level: str, uid: str, text: object) -> None:
        """Write a text of another member."""
        if _WEIGHTS[level] >= self._lowest:
            self._sink(level, uid, str(text))

    def debug(self, text: object) -> None:
        """Write details that only help to find errors."""
        self.write("debug", self._uid, text)

    def perf(self, text: object) -> None:
        """Write what matters for performance."""
        self.write("perf", self._uid, text)

    def info(self, text: object) -> None:
        """Write what happens."""
        self.write("info", self._uid, text)

    def warning(self, text: object) -> None:
        """Write what may be a problem."""
        self.write("warning", self._uid, text)

    def warn(self, text: object) -> None:
        """Write what may be a problem."""
        self.write("warning", self._uid, text)

    def error(self, text: object) -> None:
        """Write what went wrong."""
        self.write("error", self._uid, text)
