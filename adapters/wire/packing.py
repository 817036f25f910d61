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

MAX_REQUEST_LIST: Final = 2**20
"""The longest list in a request: the message counts of a port, with one for each slot."""

MAX_REQUEST_MAP: Final = 2**16
"""The longest map in a request: the message counts of all ports."""


def pack(value: object, default: Callable[[object], object] | None = None) -> bytes:
    """Return the MessagePack form of a value.

    Args:
        value: The value.
        default: Converts objects of unsupported types to ones that MessagePack supports.
    """
    packed: bytes = new_packer(default).pack(value)
    return packed


def new_packer(default: Callable[[object], object] | None = None) -> msgpack.Packer:
    """Return what packs many values, one after the other; see `pack`."""
    return msgpack.Packer(use_bin_type=True, default=default, buf_size=BUFFER_SIZE)


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
    return _unpacked(data, strict_map_key=False, ext_hook=ext_hook)


def unpack_request(data: bytes | bytearray | memoryview) -> Any:  # noqa: ANN401 - as above
    """Unpack the bytes of a request, which must contain exactly one value.

    Requests come from clients that may not have proved anything yet. They contain no extension
    types, and no list or map that is longer than any that our clients or MUSCLE3's send. Their
    keys are strings, since numbers could be chosen to have the same hash.

    Raises:
        RemoteProtocolError: If the bytes contain anything else.
    """
    return _unpacked(
        data,
        strict_map_key=True,
        max_array_len=MAX_REQUEST_LIST,
        max_map_len=MAX_REQUEST_MAP,
        max_ext_len=0,
    )


def _unpacked(data: bytes | bytearray | memoryview, **options: Any) -> Any:  # noqa: ANN401
    try:
        return msgpack.unpackb(data, raw=False, **options)
    except (ValueError, TypeError, RecursionError, OverflowError, MemoryError) as error:
        # ValueError is the base class of all msgpack errors; a TypeError means an unhashable key
        why = ": ".join(filter(None, (type(error).__name__, str(error))))
        msg = f"received something that is not valid MessagePack ({why})"
        raise RemoteProtocolError(msg) from error
