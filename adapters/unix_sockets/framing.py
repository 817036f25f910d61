"""Frames in a stream of bytes: each has its length in front. The first one is a greeting."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

from domain.errors import RemoteProtocolError

MAX_FRAME: Final = 2**30
"""Longest frame to accept; payloads of 64 kB or more travel in shared memory."""

MAX_GREETING: Final = 256
MAGIC: Final = b"conjoin host 1\n"
_LENGTH: Final = struct.Struct("<I")


def join_frames(frames: Sequence[bytes]) -> bytes:
    """Return the bytes of frames."""
    parts = []
    for frame in frames:
        parts += [_LENGTH.pack(len(frame)), frame]
    return b"".join(parts)


def greeting(uid: str) -> bytes:
    """Return the first frame of a process."""
    return MAGIC + uid.encode()


class FrameSplitter:
    """Splits the bytes from one process into frames.

    Attributes:
        sender: The uid in the greeting; None before it has arrived.
    """

    def __init__(self) -> None:
        self.sender: str | None = None
        self._buffer = bytearray()

    def split(self, data: bytes) -> Iterator[bytes]:
        """Add bytes, and yield each frame that is complete, without the greeting.

        Raises:
            RemoteProtocolError: The bytes are not from a process of a runtime.
        """
        self._buffer += data
        start = 0
        try:
            while len(self._buffer) - start >= _LENGTH.size:
                (length,) = _LENGTH.unpack_from(self._buffer, start)
                self._check(length)
                end = start + _LENGTH.size + length
                if len(self._buffer) < end:
                    return
                frame = bytes(memoryview(self._buffer)[start + _LENGTH.size : end])
                start = end
                if self.sender is None:
                    self.sender = _parse_greeting(frame)
                else:
                    yield frame
        finally:
            del self._buffer[:start]

    def _check(self, length: int) -> None:
        if length > (MAX_GREETING if self.sender is None else MAX_FRAME):
            msg = f"received a frame of {length} bytes, which is too long"
            raise RemoteProtocolError(msg)


def _parse_greeting(frame: bytes) -> str:
    if not frame.startswith(MAGIC):
        msg = "received an invalid greeting"
        raise RemoteProtocolError(msg)
    try:
        return frame[len(MAGIC) :].decode()
    except UnicodeDecodeError as error:
        msg = "received a greeting with an invalid uid"
        raise RemoteProtocolError(msg) from error
