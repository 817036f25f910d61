"""Encodes arrays, Grids and numpy scalars for the wire.

MUSCLE3 sends an array as a grid: a MessagePack map that contains the values. Between our own
instances, a large array travels beside the message rather than in it, which avoids copies.

This module imports numpy, which takes longer than the rest of a program's start-up. So `payloads`
imports this module lazily, for the first array.
"""

from __future__ import annotations

import math
import re
import struct
from functools import lru_cache
from typing import (
    TYPE_CHECKING,
    Final,
    Literal,
    NamedTuple,
    Protocol,
    cast,
    final,
    runtime_checkable,
)

import msgpack
import numpy as np

from adapters.wire.extensions import ARRAY, GRID_CODES, ONLY_OURS
from adapters.wire.packing import brief, pack, unpack
from adapters.wire.pieces import LARGE, Extension
from domain.coupling.grid import Grid, plain_array
from domain.errors import RemoteProtocolError

if TYPE_CHECKING:
    import numpy.typing as npt  # takes 10 ms to import

HEADER_LENGTH: Final = struct.Struct("<I")
INLINE: Final = -1

SMALL_ARRAY: Final = 8192
"""Arrays up to this size in bytes travel within the message."""

_PLAIN_KINDS: Final = "biuf"
"""Kinds of numpy scalars that have an equivalent in Python, and so in MessagePack."""

_DTYPE: Final = re.compile(r"[<>|=][A-Za-z][0-9]*(\[[0-9]*[A-Za-z]+\])?")
"""numpy's notation for a dtype without fields: byte order, kind, size and time unit."""

_VARIABLE_WIDTH: Final = "T"
"""The kind of numpy's StringDType."""


@runtime_checkable
class GridLike(Protocol):
    """An object with an array and axis names, such as MUSCLE3's own Grid."""

    array: npt.NDArray[np.generic]
    indexes: list[str] | None


@final
class ArrayCodec:
    """Converts numpy objects to types that MessagePack knows, and back.

    The conversion methods return objects of other types unchanged.
    """

    @staticmethod
    def to_muscle3(value: object) -> object:
        """Return the form in which MUSCLE3 accepts an object.

        Raises:
            TypeError: If MUSCLE3 does not support it.
        """
        if isinstance(value, np.ndarray):
            return _muscle3_grid(value, None)
        if isinstance(value, np.generic):
            return _muscle3_scalar(value)
        if isinstance(value, (Grid, GridLike)):
            return _muscle3_grid(value.array, value.indexes)
        return value

    @staticmethod
    def to_large_muscle3(value: object) -> Extension | None:
        """Return the extension value for a large array or Grid; None for another object.

        Raises:
            TypeError: If MUSCLE3 does not support the array.
        """
        if isinstance(value, np.ndarray):
            array, indexes = value, None
        elif isinstance(value, (Grid, GridLike)):
            array, indexes = value.array, value.indexes
        else:
            return None
        return None if array.nbytes < LARGE else _muscle3_extension(array, indexes)

    @staticmethod
    def from_muscle3(data: bytes) -> Grid:
        """Return the Grid in an extension's payload.

        Raises:
            RemoteProtocolError: If the payload is invalid.
        """
        values = unpack(data)
        try:
            # check the type first, since numpy converts almost anything to a dtype
            if values["type"] not in GRID_CODES:
                msg = f"received a grid of unknown type {brief(values['type'])}"
                raise RemoteProtocolError(msg)
            dtype = np.dtype(values["type"]).newbyteorder("<")
            flat = np.frombuffer(values["data"], dtype)
            order: Literal["C", "F"] = "F" if values["order"] == "fa" else "C"
            array = flat.reshape(tuple(values["shape"]), order=order)
            return Grid(array, values.get("indexes"))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = f"received an invalid grid: {type(error).__name__}: {error}"
            raise RemoteProtocolError(msg) from error

    @staticmethod
    def to_own(value: object, buffers: list[memoryview]) -> object:
        """Return the form in which our own peers accept an object.

        Args:
            value: The object.
            buffers: A list to which the values of large arrays are appended.

        Raises:
            TypeError: If it cannot be sent.
        """
        # check frequent types first: a protocol check takes longer than packing an array
        if isinstance(value, np.ndarray):
            return _pack_array(value, None, buffers)
        if isinstance(value, Grid):
            return _pack_array(value.array, value.indexes, buffers)
        if isinstance(value, np.generic):
            return _pack_array(np.asarray(value), None, buffers, is_scalar=True)
        if isinstance(value, GridLike):
            return _pack_array(value.array, value.indexes, buffers)
        return value

    @staticmethod
    def from_own(data: bytes, buffers: list[memoryview]) -> object:
        """Return the Grid or the scalar in an extension's payload.

        Args:
            data: The payload.
            buffers: The large buffers that arrived with the message.

        Raises:
            RemoteProtocolError: If the payload is invalid.
        """
        try:
            end = HEADER_LENGTH.size + HEADER_LENGTH.unpack_from(data)[0]
            header = _parse_array_header(data[HEADER_LENGTH.size : end])
            raw = data[end:] if header.where == INLINE else buffers[header.where]
            array = _as_array(raw, header)
            return array[()] if header.is_scalar else Grid(array, header.indexes)
        except (LookupError, TypeError, ValueError, OverflowError, struct.error) as error:
            msg = f"received an invalid array: {type(error).__name__}: {error}"
            raise RemoteProtocolError(msg) from error

    @staticmethod
    def to_setting(value: object) -> object:
        """Convert an object to a setting: a number or a list of numbers.

        Raises:
            TypeError: If it is an array of anything but numbers.
        """
        if isinstance(value, np.ndarray):
            array = plain_array(value)
            if array.ndim in (1, 2) and array.dtype.kind in "iuf":
                return array.tolist()
            msg = f"an array of {array.dtype} with {array.ndim} dimensions, not a list of numbers"
            raise TypeError(msg)
        return _python_value(value) if isinstance(value, np.generic) else value

    @staticmethod
    def is_scalar(value: object) -> bool:
        """Return whether an object is one of numpy's scalars."""
        return isinstance(value, np.generic)


def _muscle3_scalar(scalar: np.generic) -> object:
    plain = _python_value(scalar)
    if plain is scalar:
        msg = f"a numpy scalar of type {scalar.dtype}{ONLY_OURS}"
        raise TypeError(msg)
    return plain


def _python_value(scalar: np.generic) -> object:
    """Return the plain value that is equal to a numpy scalar, or the scalar itself."""
    plain: object = scalar.item() if scalar.dtype.kind in _PLAIN_KINDS else scalar
    # for a long double, item() returns another numpy scalar
    return scalar if isinstance(plain, np.generic) else plain


def _muscle3_grid(array: npt.NDArray[np.generic], indexes: list[str] | None) -> msgpack.ExtType:
    code, payload = _muscle3_extension(array, indexes)
    return msgpack.ExtType(code, pack(payload))


def _muscle3_extension(array: npt.NDArray[np.generic], indexes: list[str] | None) -> Extension:
    array = plain_array(array)
    code = GRID_CODES.get(array.dtype.name)
    if code is None:
        msg = (
            f"an array of {array.dtype}, while a MUSCLE3 component can receive only"
            f" {', '.join(GRID_CODES)}; convert it first"
        )
        raise TypeError(msg)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if array.flags.f_contiguous:
        order, memory = "fa", array.T
    else:
        order, memory = "la", np.ascontiguousarray(array)
    payload = {
        "type": array.dtype.name,
        "shape": list(array.shape),
        "order": order,
        "data": memory.reshape(-1).data.cast("B") if array.size else b"",
        "indexes": list(indexes) if indexes else None,
    }
    return Extension(code, payload)


def _pack_array(
    array: npt.NDArray[np.generic],
    indexes: list[str] | None,
    buffers: list[memoryview],
    *,
    is_scalar: bool = False,
) -> msgpack.ExtType:
    array = plain_array(array)
    dtype = array.dtype
    if dtype.hasobject:
        raise TypeError(_why_not_by_value(dtype))
    flags = array.flags
    if flags.c_contiguous:
        order, memory = "C", array
    elif flags.f_contiguous:
        order, memory = "F", array.T
    else:
        order, memory = "C", np.ascontiguousarray(array)
    where = INLINE
    raw = b""
    if array.nbytes > SMALL_ARRAY:
        where = len(buffers)
        buffers.append(memory.reshape(-1).view(np.uint8).data)
    else:
        raw = memory.tobytes()
    names = tuple(indexes) if indexes else None
    # do not cache structured types: those that compare equal may differ on the wire
    pack_header = _array_header if dtype.names is None else _pack_header
    header = pack_header(dtype, array.shape, order, where, is_scalar, names)
    return msgpack.ExtType(ARRAY, header + raw)


def _why_not_by_value(dtype: np.dtype[np.generic]) -> str:
    if dtype.kind == _VARIABLE_WIDTH:
        return f"an array of {dtype}, whose strings are stored elsewhere; use .astype('U') first"
    return f"an array of {dtype}, which holds Python objects"


class _ArrayHeader(NamedTuple):
    """The description of an array, which precedes its values.

    Attributes:
        dtype: Type of the values.
        shape: Its shape.
        order: "C" or "F", the order of the values.
        where: Index of the message's buffer that contains the values; INLINE if they follow.
        is_scalar: Whether it is a numpy scalar.
        indexes: Names of its axes, if any.
        size: Size of the values in bytes.
    """

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    order: Literal["C", "F"]
    where: int
    is_scalar: bool
    indexes: tuple[str, ...] | None
    size: int


def _pack_header(dtype: np.dtype[np.generic], *values: object) -> bytes:
    packed = pack([_describe(dtype), *values])
    return HEADER_LENGTH.pack(len(packed)) + packed


_array_header: Final = lru_cache(maxsize=256)(_pack_header)
"""Models repeatedly send arrays of the same few shapes."""


@lru_cache(maxsize=256)
def _parse_array_header(packed: bytes) -> _ArrayHeader:
    wire_dtype, shape, order, where, is_scalar, indexes = unpack(packed)
    dtype = _dtype_from_wire(wire_dtype)
    if any(type(size) is not int or size < 0 for size in shape) or type(where) is not int:
        msg = f"shape {shape}, in buffer {where}"
        raise ValueError(msg)
    return _ArrayHeader(
        dtype,
        tuple(shape),
        "F" if order == "F" else "C",
        where,
        bool(is_scalar),
        None if indexes is None else tuple(indexes),
        math.prod(shape) * dtype.itemsize,
    )


def _as_array(raw: bytes | memoryview, header: _ArrayHeader) -> npt.NDArray[np.generic]:
    if len(raw) != header.size:
        msg = f"{len(raw)} bytes for shape {header.shape} of {header.dtype}"
        raise ValueError(msg)
    if header.size:
        array: npt.NDArray[np.generic] = np.frombuffer(raw, header.dtype)
        if len(header.shape) != 1:
            array = array.reshape(header.shape, order=header.order)
    else:
        array = np.empty(header.shape, header.dtype, header.order)
    if array.flags.writeable:
        array.flags.writeable = False
    return array


def _describe(dtype: np.dtype[np.generic]) -> object:
    """Describe a dtype by values that MessagePack supports.

    A structured dtype becomes a map that `numpy.dtype` accepts, because a list of fields cannot
    express that fields overlap or are out of order. An array field becomes a list of its type and
    shape.
    """
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return [_describe(base), shape]
    if dtype.names is None:
        return dtype.str
    fields = [dtype.fields[name] for name in dtype.names]  # type: ignore[index]
    return {
        "names": dtype.names,
        "formats": [_describe(field[0]) for field in fields],
        "offsets": [field[1] for field in fields],
        "titles": [field[2] if len(field) > 2 else None for field in fields],  # type: ignore[misc]
        "itemsize": dtype.itemsize,
        "aligned": dtype.isalignedstruct,
        "record": issubclass(dtype.type, np.record),
    }


def _dtype_from_wire(wire: object) -> np.dtype[np.generic]:
    dtype = np.dtype(_structure(wire))  # type: ignore[call-overload]
    if dtype.hasobject:
        msg = f"dtype {dtype} holds Python objects"
        raise ValueError(msg)
    return cast("np.dtype[np.generic]", dtype)


def _structure(wire: object) -> object:
    """Return the argument of `numpy.dtype` for a description.

    Raises:
        TypeError: If the description is invalid.
    """
    match wire:
        # reject numpy's other notations for types, since it evaluates expressions in some of them
        case str() if _DTYPE.fullmatch(wire):
            return wire
        case [base, [*shape]]:
            return _structure(base), tuple(shape)
        case {"formats": [*formats], "record": bool(is_record), **others}:
            parts = {**others, "formats": [_structure(item) for item in formats]}
            return np.dtype((np.record if is_record else np.void, np.dtype(parts)))  # type: ignore[call-overload]
        case _:
            msg = f"{brief(wire)} does not describe a dtype"
            raise TypeError(msg)
