"""Packs and unpacks MessagePack with the conventions that all our protocols share."""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from typing import Any, Final

import msgpack

from domain.errors import RemoteProtocolError

BUFFER_SIZE: Final = 512
"""Initial size, which grows as needed. With MessagePack's larger default, the allocator would map
new memory for each message."""


def pack(value: object, default: Callable[[object], object] | None = None) -> bytes:
    """Return the MessagePack form of a value.

    Args:
        value: The value.
        default: Converts objects of unsupported types to ones that MessagePack supports.
    """
    packer = msgpack.Packer(use_bin_type=True, default=default, buf_size=BUFFER_SIZE)
    packed: bytes = packer.pack(value)
    return packed


def brief(value: object) -> str:
    """Return a short description of a received value, however long or deep it is."""
    return reprlib.repr(value)


def unpack(
    data: bytes | bytearray | memoryview,
    ext_hook: Callable[[int, bytes], object] = msgpack.ExtType,
) -> Any:  # noqa: ANN401 - the caller checks its type
    """Unpack the bytes, which must contain exactly one value.

    Raises:
        RemoteProtocolError: If they do not.
    """
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=ext_hook)
    except (ValueError, TypeError, RecursionError, OverflowError, MemoryError) as error:
        # ValueError is the base class of all msgpack errors; a TypeError means an unhashable key
        why = ": ".join(filter(None, (type(error).__name__, str(error))))
        msg = f"received something that is not valid MessagePack ({why})"
        raise RemoteProtocolError(msg) from error
