"""A segment of shared memory that this process has created."""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Sequence
from typing import Final

from adapters.segments.free_list import FreeList
from domain.runtime.blocks import BlockPlace
from domain.runtime.payloads import Buffer

ALIGNMENT: Final = 64


class Segment:
    """A `memfd_create` segment. It has no name, so it cannot be left behind.

    Args:
        name: Identifies it in the run.
        size: Its size; a multiple of the page size.

    Attributes:
        has_memory: Whether any of its pages may be allocated.

    Raises:
        OSError: If it cannot be created.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.descriptor = os.memfd_create("conjoin-segment", os.MFD_CLOEXEC)
        try:
            os.ftruncate(self.descriptor, size)
            self._memory = mmap.mmap(self.descriptor, size)
        except BaseException:
            os.close(self.descriptor)
            raise
        self._free_list = FreeList(size)
        self.has_memory = False

    @property
    def is_unused(self) -> bool:
        """Whether it contains no block."""
        return self._free_list.is_unused

    def store(self, pieces: Sequence[memoryview]) -> BlockPlace | None:
        """Copy pieces to a new block; return None if it does not fit."""
        needed = sum(aligned(len(piece)) for piece in pieces)
        size = max(needed + -needed % mmap.PAGESIZE, mmap.PAGESIZE)
        offset = self._free_list.take(size)
        if offset is None:
            return None
        self.has_memory = True
        start = offset
        for piece in pieces:
            self._memory[start : start + len(piece)] = piece
            start += aligned(len(piece))
        return BlockPlace(os.getpid(), self.descriptor, self.name, offset, size)

    def free(self, offset: int) -> None:
        """Free a block. Its memory stays allocated, for the next block.

        Raises:
            KeyError: If there is no block at this offset.
        """
        self._free_list.give_back(offset)

    def return_memory(self) -> None:
        """Return the memory of the segment, which must be unused, to the system."""
        with contextlib.suppress(OSError, AttributeError):
            self._memory.madvise(mmap.MADV_REMOVE)
        self.has_memory = False

    def close(self) -> None:
        """Unmap the segment. Other processes that map it keep it."""
        self._memory.close()
        os.close(self.descriptor)


def aligned(size: int) -> int:
    """Return the space that a piece of this size occupies."""
    return size + -size % ALIGNMENT


def split(whole: memoryview, sizes: Sequence[int]) -> list[memoryview]:
    """Return the pieces in a block."""
    pieces, start = [], 0
    for size in sizes:
        pieces.append(whole[start : start + size])
        start += aligned(size)
    return pieces


def flat(piece: Buffer) -> memoryview:
    """Return the bytes of a contiguous buffer, in the order in which they are in memory."""
    view = memoryview(piece)
    if view.nbytes and (view.ndim != 1 or view.format != "B"):
        # a Fortran-contiguous array arrives as its transpose; see pickle.PickleBuffer.raw
        view = view.cast("B")
    return view
