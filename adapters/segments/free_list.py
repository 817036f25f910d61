"""Allocation of blocks in a segment."""

from __future__ import annotations

import bisect


class FreeList:
    """Tracks which ranges of a segment are free. First fit; neighbours are merged.

    Args:
        size: Size of the segment.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._starts = [0]
        self._ends = [size]
        self._used: dict[int, int] = {}

    @property
    def is_unused(self) -> bool:
        """Whether no block is allocated."""
        return not self._used

    def take(self, size: int) -> int | None:
        """Allocate a block, and return its offset; None if no free range is large enough."""
        for index, (start, end) in enumerate(zip(self._starts, self._ends, strict=True)):
            if end - start >= size:
                if end - start == size:
                    del self._starts[index], self._ends[index]
                else:
                    self._starts[index] = start + size
                self._used[start] = size
                return start
        return None

    def give_back(self, offset: int) -> int:
        """Free a block, and return its size.

        Raises:
            KeyError: If no block is allocated at this offset.
        """
        size = self._used.pop(offset)
        start, end = offset, offset + size
        index = bisect.bisect_left(self._starts, start)
        if index < len(self._starts) and self._starts[index] == end:
            end = self._ends[index]
            del self._starts[index], self._ends[index]
        if index and self._ends[index - 1] == start:
            self._ends[index - 1] = end
        else:
            self._starts.insert(index, start)
            self._ends.insert(index, end)
        return size
