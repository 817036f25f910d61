"""The output of programs on nodes that do not share the manager's files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """A piece of what a program has printed.

    Attributes:
        process: Name of the process.
        is_error: Whether it is a piece of standard error, not of standard output.
        offset: Number of bytes before it.
        data: The piece.
    """

    process: str
    is_error: bool
    offset: int
    data: bytes
