"""Memory for received data, which is not cleared first: that matters for large messages.

The memory is numpy's. numpy is imported when memory is first needed, since it takes long to import:
instances that receive much usually receive arrays, and a node agent never does.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

LARGE: Final = 2**20


class _Block:
    """A block of memory that is lent to one borrower at a time.

    A borrower gets a view of a lease, an array that shares the block's memory. Each view, slice and
    array that is made from it keeps the lease alive, so once the lease is gone, the memory is
    unused. numpy's arrays are not tracked by the cyclic garbage collector, which clears weak
    references to objects that a finalizer may still revive; the reference to a lease is therefore
    cleared only when the lease is freed.
    """

    __slots__ = ("_lease", "_memory")

    def __init__(self, size: int) -> None:
        self._memory = new_memory(size)
        self._lease: weakref.ref[Bytes] | None = None

    @property
    def is_lent(self) -> bool:
        """Whether the memory may still be used by a borrower."""
        return self._lease is not None and self._lease() is not None

    def lend(self) -> memoryview:
        """Return the memory. It is lent until the last object that refers to it is gone."""
        lease = self._memory[:]
        self._lease = weakref.ref(lease)
        return lease.data


class SameSizeMemory:
    """Memory for large buffers, reused while the buffers have the same size.

    The system clears new memory page by page, which takes as long as receiving into it. Two blocks
    are kept, since a model often holds its last message while the next one arrives. The first
    buffer of a size is not kept, so that a single large message does not occupy memory for ever.
    """

    def __init__(self) -> None:
        self._last_size = 0
        self._blocks: deque[_Block] = deque(maxlen=2)

    def take(self, size: int) -> memoryview:
        """Return memory to which nothing else refers."""
        if size < LARGE:
            return new_memory(size).data
        if size != self._last_size:
            self._last_size = size
            self._blocks.clear()
            return new_memory(size).data
        block = self._take_unused() or _Block(size)
        self._blocks.append(block)
        return block.lend()

    def _take_unused(self) -> _Block | None:
        """Remove a block that is not lent from those that are kept, and return it."""
        for _ in range(len(self._blocks)):
            block = self._blocks.popleft()
            if not block.is_lent:
                return block
            self._blocks.append(block)
        return None


def new_memory(size: int) -> Bytes:
    """Return so many bytes with arbitrary contents."""
    import numpy as np

    return np.empty(size, np.uint8)
