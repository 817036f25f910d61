"""What arrays, Grids, and numpy's scalars look like on the wire.

For MUSCLE3 an array is a grid: a map in MessagePack, with its values in it. Among ourselves a large
one travels beside the message instead of in it, and is copied neither into it nor out of it.

This imports numpy, which takes longer than all else that a program needs to start. `payloads`
imports it when there is an array.
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
from domain.coupling.grid import Grid, plain_array
from domain.errors import RemoteProtocolError

if TYPE_CHECKING:
    import numpy.typing as npt  # takes 10 ms to import

HEADER_LENGTH: Final = struct.Struct("<I")
INLINE: Final = -1

SMALL_ARRAY: Final = 8192
"""Arrays up to this size in bytes travel within the message."""

_PLAIN_KINDS: Final = "biuf"
"""Kinds of numpy scalars that Python has too, and MessagePack with it."""

_DTYPE: Final = re.compile(r"[<>|=][A-Za-z][0-9]*(\[[0-9]*[A-Za-z]+\])?")
"""How numpy writes a dtype that has no fields: byte order, kind, size, and a unit of time."""

_VARIABLE_WIDTH: Final = "T"
"""The kind of numpy's StringDType."""


@runtime_checkable
class GridLike(Protocol):
    """An object with an array and names for its axes, such as MUSCLE3's own Grid."""

    array: npt.NDArray[np.generic]
    indexes: list[str] | None


@final
class ArrayCodec:
    """Turns what numpy has into what MessagePack knows, and back.

    What turns something returns it as it is where it is not for it.
    """

    @staticmethod
    def to_muscle3(value: object) -> object:
        """Return the form in which MUSCLE3 takes an object.

        Raises:
            TypeError: If it has none.
        """
        if isinstance(value, np.ndarray):
            return _muscle3_grid(value, None)
        if isinstance(value, np.generic):
            return _muscle3_scalar(value)
        if isinstance(value, (Grid, GridLike)):
            return _muscle3_grid(value.array, value.indexes)
        return value

    @staticmethod
    def from_muscle3(data: bytes) -> Grid:
        """Return the Grid in an extension's payload.

        Raises:
            RemoteProtocolError: If there is none in it.
        """
        values = unpack(data)
        try:
            # looked up first, since numpy makes a dtype of almost anything
            if values["type"] not in GRID_CODES:
                msg = f"received a grid of unknown type {brief(values['type'])}"
                raise RemoteProtocolError(msg)
            dtype = np.dtype(values["type"]).newbyteorder("<")
            flat = np.frombuffer(values["data"], dtype)
            order: Literal["C", "F"] = "F" if values["order"] == "fa" else "C"
            array = flat.reshape(tuple(values["shape"]), order=order)
            return Grid(array, values.get("indexes"))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = f"received a grid that makes no sense: {type(error).__name__}: {error}"
            raise RemoteProtocolError(msg) from error

    @staticmethod
    def to_own(value: object, buffers: list[memoryview]) -> object:
        """Return the form in which our own peers take an object.

        Args:
            value: The object.
            buffers: Where a large array's values are added.

        Raises:
            TypeError: If it has none.
        """
        # the frequent ones first: to ask for a protocol takes longer than to pack an array
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
            buffers: The large buffers that came with the message.

        Raises:
            RemoteProtocolError: If there is none in it.
        """
        try:
            end = HEADER_LENGTH.size + HEADER_LENGTH.unpack_from(data)[0]
            header = _parse_array_header(data[HEADER_LENGTH.size : end])
            raw = data[end:] if header.where == INLINE else buffers[header.where]
            array = _as_array(raw, header)
            return array[()] if header.is_scalar else Grid(array, header.indexes)
        except (LookupError, TypeError, ValueError, OverflowError, struct.error) as error:
            msg = f"received an array that makes no sense: {type(error).__name__}: {error}"
            raise RemoteProtocolError(msg) from error

    @staticmethod
    def to_setting(value: object) -> object:
        """Return the list of numbers, or the number, that an object is as a setting.

        Raises:
            TypeError: If it is an array of something else.
        """
        if isinstance(value, np.ndarray):
            array = plain_array(value)
            if array.ndim in (1, 2) and array.dtype.kind in "iuf":
                return array.tolist()
            msg = f"an array of {array.dtype} with {array.ndim} dimensions, and no list of numbers"
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
    return scalar if isinstance(plain, np.generic) else plain  # a long double gives another


def _muscle3_grid(array: npt.NDArray[np.generic], indexes: list[str] | None) -> msgpack.ExtType:
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
    return msgpack.ExtType(code, pack(payload))


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
    # equal structured types may differ in what is sent
    pack_header = _array_header if dtype.names is None else _pack_header
    header = pack_header(dtype, array.shape, order, where, is_scalar, names)
    return msgpack.ExtType(ARRAY, header + raw)


def _why_not_by_value(dtype: np.dtype[np.generic]) -> str:
    if dtype.kind == _VARIABLE_WIDTH:
        return f"an array of {dtype}, whose texts are not in the array; use .astype('U') first"
    return f"an array of {dtype}, which holds Python objects"


class _ArrayHeader(NamedTuple):
    """What is known of an array before its values.

    Attributes:
        dtype: Type of the values.
        shape: Its shape.
        order: "C" or "F", the order of the values.
        where: Which of the message's buffers has the values; INLINE if they follow.
        is_scalar: Whether it is a numpy scalar.
        indexes: Names of its axes, if any.
        size: Number of bytes of the values.
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
"""Models send arrays of the same few shapes again and again."""


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
    """Return a dtype as values that MessagePack knows.

    A structured one is a map, as `numpy.dtype` takes it: a list of fields could not say that they
    overlap or are out of order. A field that is an array is a list of its type and its shape.
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
    """Return what `numpy.dtype` takes for a description.

    Raises:
        TypeError: If it is none.
    """
    match wire:
        # numpy has other texts for types too, and in some of them it evaluates expressions
        case str() if _DTYPE.fullmatch(wire):
            return wire
        case [base, [*shape]]:
            return _structure(base), tuple(shape)
        case {"formats": [*formats], "record": bool(is_record), **others}:
            parts = {**others, "formats": [_structure(item) for item in formats]}
            return np.dtype((np.record if is_record else np.void, np.dtype(parts)))  # type: ignore[call-overload]
        case _:
            msg = f"{brief(wire)} describes no dtype"
            raise TypeError(msg)
