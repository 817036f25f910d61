"""Read-only mappings of segments, which stay valid as long as anything refers to them."""

from __future__ import annotations

import ctypes
import mmap
import os
import weakref
from collections.abc import Callable
from functools import lru_cache

_FAILED = ctypes.c_void_p(-1).value


class Mapping:
    """A segment that is mapped read-only into this process, without keeping a descriptor open.

    Python's `mmap` duplicates the descriptor, and a process may map many segments.

    Args:
        descriptor: The segment.
        size: Its size.

    Raises:
        OSError: If it cannot be mapped.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        address = _libc().mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
        if address == _FAILED:
            number = ctypes.get_errno()
            raise OSError(number, f"cannot map a segment: {os.strerror(number)}")
        self._address = int(address)
        self._finalizer = weakref.finalize(self, _libc().munmap, self._address, size)
        # at the exit of the process, arrays may still use it
        self._finalizer.atexit = False

    def lend(self, offset: int, size: int, *, on_returned: Callable[[], None]) -> memoryview:
        """Return a part of the segment, read-only.

        Args:
            offset: Where it begins.
            size: Number of bytes.
            on_returned: Called, on any thread, when the part is no longer referenced.
        """
        lease = (ctypes.c_ubyte * size).from_address(self._address + offset)

        def end_lease(_mapping: Mapping) -> None:
            on_returned()

        # the finalizer's argument keeps the whole mapping alive
        weakref.finalize(lease, end_lease, self).atexit = False
        return memoryview(lease).cast("B").toreadonly()


@lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_long,
    ]
    library.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    return library
