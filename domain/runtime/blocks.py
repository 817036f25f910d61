"""Blocks of memory that the processes of a node share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """The place of a block in shared memory.

    Attributes:
        pid: A process that has the segment open.
        descriptor: The descriptor by which it has it open.
        segment: Identifies the segment among all that its creator has made.
        offset: Where the block begins in the segment; a multiple of the page size.
        size: Number of bytes.
    """

    pid: int
    descriptor: int
    segment: str
    offset: int
    size: int
