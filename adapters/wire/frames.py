"""Divides the bytes of a connection into words and length-prefixed blocks.

Every integer is 8 bytes, little-endian, as in MUSCLE3's transport.

A parser is a generator: it yields the number of bytes that it needs next, and receives these bytes
through `send`. So its code follows the protocol from top to bottom. `ParserFeed` drives a parser
with bytes that arrive in pieces of any size; a driver that reads from a blocking socket can instead
receive exactly the wanted number of bytes, into memory of its choice.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from typing import TypeAlias, TypeVar

from domain.errors import RemoteProtocolError

WORD = struct.Struct("<Q")
WORD_SIZE = WORD.size

MAX_SIGNED = 2**63 - 1

_T = TypeVar("_T")

Piece: TypeAlias = bytes | memoryview
Parser: TypeAlias = Generator[int, Piece, _T]


def word(value: int) -> bytes:
    """Return the bytes of an integer from 0 to 2**63 - 1."""
    return WORD.pack(value)


def checked_length(length: int, limit: int) -> int:
    """Return a received length if it is within the limit. Call this before allocating memory.

    Raises:
        RemoteProtocolError: If it is larger.
    """
    if length > limit:
        msg = f"the other side announced {length} bytes, more than the {limit} that are allowed"
        raise RemoteProtocolError(msg)
    return length


def integer(piece: Piece) -> int:
    """Return the integer that a received word encodes.

    Raises:
        RemoteProtocolError: If it is larger than any integer of the protocol.
    """
    value = int.from_bytes(piece, "little")
    if value > MAX_SIGNED:
        msg = f"received {value:#x} instead of a number: the other side speaks another protocol"
        raise RemoteProtocolError(msg)
    return value


def read_integer() -> Parser[int]:
    """Parse one word.

    Raises:
        RemoteProtocolError: If it is not an integer of the protocol.
    """
    return integer((yield WORD_SIZE))


def read_block(limit: int) -> Parser[Piece]:
    """Parse a length and that number of bytes.

    Args:
        limit: Largest length to accept.

    Raises:
        RemoteProtocolError: If the length exceeds the limit.
    """
    length = yield from read_integer()
    return (yield checked_length(length, limit))


class ByteQueue:
    """Bytes that have been received but not parsed yet."""

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
        """Remove and return bytes from the front; return None if there are too few yet."""
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


class ParserFeed:
    """Cuts received bytes into the pieces that a parser requests.

    The parser may keep the pieces. If exactly the wanted bytes are fed, they are not copied, so the
    caller must not change them afterwards.

    Args:
        parser: A parser that has not been started. It runs until it requests the first piece.

    Attributes:
        wanted: Number of bytes that the parser needs to continue.
        is_done: Whether the parser has returned.
    """

    __slots__ = ("_parser", "_queue", "is_done", "wanted")

    def __init__(self, parser: Parser[None]) -> None:
        self._parser = parser
        self._queue = ByteQueue()
        self.is_done = False
        self.wanted = next(parser)

    @property
    def unparsed(self) -> int:
        """Number of received bytes that were not passed to the parser."""
        return len(self._queue)

    def take_unparsed(self) -> bytes:
        """Remove and return the received bytes that were not passed to the parser."""
        return self._queue.take(len(self._queue)) or b""

    def feed(self, data: Piece) -> None:
        """Run the parser as far as the received bytes allow.

        Raises:
            RemoteProtocolError: If the parser rejects them; it cannot continue after that.
        """
        if len(data) == self.wanted and not self.is_done and not self._queue:
            self._send(data)
        else:
            self._queue.put(data)
        while not self.is_done and (piece := self._queue.take(self.wanted)) is not None:
            self._send(piece)

    def _send(self, piece: Piece) -> None:
        try:
            self.wanted = self._parser.send(piece)
        except StopIteration:
            self.is_done = True
