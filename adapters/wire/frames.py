"""Words and lengths: how bytes on a stream are divided.

Every integer is 8 bytes, little-endian, as in MUSCLE3's transport.
"""

from __future__ import annotations

import struct

from domain.errors import RemoteProtocolError

WORD = struct.Struct("<Q")
WORD_SIZE = WORD.size

MAX_SIGNED = 2**63 - 1


def word(value: int) -> bytes:
    """Return the bytes of an integer from 0 to 2**63 - 1."""
    return WORD.pack(value)


def checked_length(length: int, limit: int) -> int:
    """Return a length that was received, if it may be believed.

    Raises:
        RemoteProtocolError: If it is larger than the limit; nothing has been allocated then.
    """
    if length > limit:
        msg = f"the other side announced {length} bytes, more than the {limit} that are allowed"
        raise RemoteProtocolError(msg)
    return length


class ByteQueue:
    """Bytes that have been received and not yet looked at."""

    __slots__ = ("_data", "_start")

    def __init__(self) -> None:
        self._data = bytearray()
        self._start = 0

    def __len__(self) -> int:
        return len(self._data) - self._start

    def put(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes at the end."""
        self._data += data

    def take(self, count: int) -> bytes | None:
        """Take bytes from the front; None if there are not that many yet."""
        if len(self) < count:
            return None
        result = bytes(memoryview(self._data)[self._start : self._start + count])
        self._start += count
        if self._start == len(self._data):
            self._data.clear()
            self._start = 0
        elif self._start > 65536:
            del self._data[: self._start]
            self._start = 0
        return result
