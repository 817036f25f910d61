"""Memory to receive into, which is not cleared first: that counts where much is received.

It is numpy's, which is imported when first needed: whoever receives much is most often sent arrays,
and a node agent never does.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

LARGE: Final = 2**20


def _references_of_a_local() -> int:
    """Return how many references Python counts for what only a local variable holds."""
    local = bytearray()
    return sys.getrefcount(local)


REFERENCES_OF_A_LOCAL: Final = _references_of_a_local()
"""Two, with the argument of the call, but not in every Python: 3.14 does not count that."""


class SameSizeMemory:
    """Memory for large buffers, used again where the next one is of the same size.

    The system hands out new memory cleared, page by page, which takes as long as receiving into it.
    Two are kept, since a model often holds its last message while the next one comes in. But only
    from the second buffer of a size on, so that a single large message does not cost its memory for
    ever.
    """

    def __init__(self) -> None:
        self._last_size = 0
        self._kept: deque[Bytes] = deque(maxlen=2)

    def take(self, size: int) -> memoryview:
        """Return memory that nobody else uses."""
        if size < LARGE:
            return new_memory(size).data
        if size != self._last_size:
            self._last_size = size
            self._kept.clear()
            return new_memory(size).data
        memory = self._unused()
        if memory is None:
            memory = new_memory(size)
        self._kept.append(memory)
        return memory.data

    def _unused(self) -> Bytes | None:
        """Return one of those that were kept, and that nobody else uses any more."""
        for _ in range(len(self._kept)):
            kept = self._kept.popleft()
            if sys.getrefcount(kept) <= REFERENCES_OF_A_LOCAL:
                return kept
            self._kept.append(kept)
        return None


def new_memory(size: int) -> Bytes:
    """Return so many bytes that may be anything."""
    import numpy as np

    return np.empty(size, np.uint8)
