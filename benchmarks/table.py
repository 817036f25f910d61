"""Rows of the table in docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def in_us(seconds: float) -> str:
    """Format a time in microseconds."""
    return f"{seconds * 1e6:.0f} µs"


def in_ms(seconds: float) -> str:
    """Format a time in milliseconds."""
    return f"{seconds * 1e3:.1f} ms"


def in_s(seconds: float) -> str:
    """Format a time in seconds."""
    return f"{seconds:.2f} s"


@dataclass(frozen=True)
class Row:
    """A measurement on both sides."""

    what: str
    theirs: float
    ours: float
    show: Callable[[float], str]

    def __str__(self) -> str:
        ratio = f"{self.ours / self.theirs:.2f}" if self.theirs else "-"
        theirs = self.show(self.theirs) if self.theirs else "-"
        return f"| {self.what} | {theirs} | {self.show(self.ours)} | {ratio} |"
