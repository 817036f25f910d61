"""Memory for received data. It is not cleared first, which saves time with large messages.

numpy allocates the memory. It is slow to import, so it is imported when memory is first needed:
instances that receive large messages usually need numpy for arrays anyway, and a node agent never
receives any.
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

    A borrower gets a view of a lease, which is an array that shares the block's memory. Each view,
    slice and array made from it keeps the lease alive, so the memory is unused once the lease has
    been freed. A weak reference detects that. It is reliable because numpy's arrays are not tracked
    by the cyclic garbage collector, which can clear weak references to objects that a finalizer may
    still revive.
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
        """Return the memory, lent until the last object that refers to it is freed."""
        lease = self._memory[:]
        self._lease = weakref.ref(lease)
        return lease.data


class SameSizeMemory:
    """Memory for large buffers, reused while the buffers have the same size.

    The system clears new memory page by page, which takes as long as receiving into it. Two blocks
    are kept, because a model often holds its last message while the next one arrives. The first
    buffer of a size is not kept, so that a single large message does not occupy memory forever.
    """

    def __init__(self) -> None:
        self._last_size = 0
        self._blocks: deque[_Block] = deque(maxlen=2)

    def take(self, size: int) -> memoryview:
        """Return memory that nothing else uses."""
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
        """Remove an unused block from the kept ones, and return it; None if all are lent."""
        for _ in range(len(self._blocks)):
            block = self._blocks.popleft()
            if not block.is_lent:
                return block
            self._blocks.append(block)
        return None


def new_memory(size: int) -> Bytes:
    """Return a buffer of this size with arbitrary contents."""
    import numpy as np

    return np.empty(size, np.uint8)
