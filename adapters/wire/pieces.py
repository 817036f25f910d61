"""Packs MessagePack in pieces, so that large buffers are not copied into it.

The pieces together are exactly the bytes that MessagePack would produce. A large array or bytes
object in them is a view of the user's memory.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import msgpack

from domain.errors import DataTooLarge

Piece: TypeAlias = "bytes | memoryview"
Pieces: TypeAlias = "list[Piece]"

LARGE: Final = 2**16
"""From this size in bytes on, a buffer becomes a piece of its own."""

MAX_LENGTH: Final = 2**32 - 1
"""The largest length that MessagePack can express."""

TOO_LARGE: Final = "it is larger than 4 GiB"
_SMALL_TYPES: Final = frozenset({bool, int, float, type(None)})
_BINARY: Final = 0xC4
_EXTENSION: Final = 0xC7
_FIXED_EXTENSIONS: Final = {1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}


@dataclass(frozen=True, slots=True)
class Packed:
    """MessagePack in pieces, to be packed into other MessagePack.

    Attributes:
        pieces: The pieces.
        code: Code of an extension value; None for binary data.
    """

    pieces: Pieces
    code: int | None = None


class Extension(NamedTuple):
    """An object that is packed as an extension value.

    Attributes:
        code: Its code.
        payload: What the extension value contains, before packing.
    """

    code: int
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class PieceRules:
    """How to pack values.

    Attributes:
        pack: Packs a value without large buffers, whose path is the second argument.
        as_extension: Returns the extension value for a large array; None for other objects.
    """

    pack: Callable[[object, str], bytes]
    as_extension: Callable[[object], Extension | None] = lambda _value: None


def pack_pieces(value: object, path: str, rules: PieceRules) -> Pieces:
    """Return the MessagePack form of a value, in pieces.

    Args:
        value: The value. It must not contain itself.
        path: The value as a Python expression, for error messages.
        rules: How to pack the values in it.

    Raises:
        DataTooLarge: If a buffer is larger than MessagePack permits.
    """
    try:
        pieces = _split(value, path, rules)
    except RecursionError:
        pieces = None  # MessagePack supports deeper nesting
    return [rules.pack(value, path)] if pieces is None else _merged(pieces)


def total_length(pieces: Iterable[Piece]) -> int:
    """Return how many bytes the pieces have together."""
    return sum(map(len, pieces))


def _split(value: object, path: str, rules: PieceRules) -> Pieces | None:
    """Return the pieces of a value; None if nothing in it is large."""
    if isinstance(value, dict):
        return _split_map(value, path, rules)
    if isinstance(value, (list, tuple)):
        return _split_array(value, path, rules)
    if isinstance(value, Packed):
        return [_header(value.code, total_length(value.pieces), path), *value.pieces]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _split_buffer(value, path)
    if isinstance(value, str):
        return None
    extension = rules.as_extension(value)
    if extension is None:
        return None
    try:
        payload = pack_pieces(extension.payload, path, rules)
    except DataTooLarge as error:
        raise DataTooLarge(path, error.reason) from error
    return [_header(extension.code, total_length(payload), path), *payload]


def _split_map(values: dict[object, object], path: str, rules: PieceRules) -> Pieces | None:
    parts = {
        key: part
        for key, item in values.items()
        if type(item) not in _SMALL_TYPES
        and (part := _split(item, f"{path}[{key!r}]", rules)) is not None
    }
    if not parts:
        return None
    pieces: Pieces = [msgpack.Packer().pack_map_header(len(values))]
    for key, item in values.items():
        pieces.append(rules.pack(key, path))
        pieces += parts.get(key) or [rules.pack(item, f"{path}[{key!r}]")]
    return pieces


def _split_array(values: Sequence[object], path: str, rules: PieceRules) -> Pieces | None:
    parts = {
        index: part
        for index, item in enumerate(values)
        if type(item) not in _SMALL_TYPES
        and (part := _split(item, f"{path}[{index}]", rules)) is not None
    }
    if not parts:
        return None
    pieces: Pieces = [msgpack.Packer().pack_array_header(len(values))]
    for index, item in enumerate(values):
        pieces += parts.get(index) or [rules.pack(item, f"{path}[{index}]")]
    return pieces


def _split_buffer(value: bytes | bytearray | memoryview, path: str) -> Pieces | None:
    view = memoryview(value)
    if view.nbytes < LARGE or not view.c_contiguous:
        return None
    return [_header(None, view.nbytes, path), view.cast("B")]


def _header(code: int | None, length: int, path: str) -> bytes:
    """Return what precedes binary data, or those of an extension value.

    Raises:
        DataTooLarge: If there are too many of them.
    """
    if length > MAX_LENGTH:
        raise DataTooLarge(path, TOO_LARGE)
    end = b"" if code is None else struct.pack(">b", code)
    if code is not None and length in _FIXED_EXTENSIONS:
        return struct.pack(">B", _FIXED_EXTENSIONS[length]) + end
    first = _BINARY if code is None else _EXTENSION
    if length < 2**8:
        return struct.pack(">BB", first, length) + end
    if length < 2**16:
        return struct.pack(">BH", first + 1, length) + end
    return struct.pack(">BI", first + 2, length) + end


def _merged(pieces: Pieces) -> Pieces:
    """Join the small pieces between the large ones."""
    merged: Pieces = []
    small: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            small.append(piece)
        else:
            merged += [b"".join(small), piece]
            small.clear()
    return [*merged, b"".join(small)] if small else merged
