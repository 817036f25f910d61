"""MessagePack with the conventions that all our protocols share."""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from typing import Any, Final

import msgpack

from domain.errors import RemoteProtocolError

BUFFER_SIZE: Final = 512
"""Grows as needed. MessagePack's own default makes the system map new memory for each message."""


def pack(value: object, default: Callable[[object], object] | None = None) -> bytes:
    """Return the MessagePack form of a value.

    Args:
        value: What to pack.
        default: Turns objects that MessagePack does not know into ones that it does.
    """
    packer = msgpack.Packer(use_bin_type=True, default=default, buf_size=BUFFER_SIZE)
    packed: bytes = packer.pack(value)
    return packed


def brief(value: object) -> str:
    """Return a short description of a value that was received, however long or deep it is."""
    return reprlib.repr(value)


def unpack(
    data: bytes | bytearray | memoryview,
    ext_hook: Callable[[int, bytes], object] = msgpack.ExtType,
) -> Any:  # noqa: ANN401 - what it is, is for the caller to check
    """Return the value that the bytes stand for. They must be exactly one value.

    Raises:
        RemoteProtocolError: If they are not.
    """
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=ext_hook)
    except (ValueError, TypeError, RecursionError, OverflowError, MemoryError) as error:
        # ValueError is the base of all of msgpack's own errors; a TypeError is an unhashable key
        why = ": ".join(filter(None, (type(error).__name__, str(error))))
        msg = f"received something that is not valid MessagePack ({why})"
        raise RemoteProtocolError(msg) from error
