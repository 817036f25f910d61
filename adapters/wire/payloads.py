"""What a message's data look like on the wire, between MUSCLE3 and us, and among ourselves.

Among ourselves more can be sent, and large arrays travel beside the message instead of in it, so
that they are neither copied into it nor out of it.

Source for MUSCLE3's extension types: its wire protocol (version 0.11), as observed.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, cast, runtime_checkable

import msgpack
import numpy as np

from adapters.wire.packing import brief, pack, unpack
from domain.errors import DataTooLarge, RemoteProtocolError, UnsendableData
from domain.grid import Grid, plain_array
from domain.messages import Milestone
from domain.settings import ALLOWED_VALUES, MAX_SETTING_DEPTH, Settings, settings_of

if TYPE_CHECKING:
    import numpy.typing as npt  # takes 10 ms to import

MILESTONE: Final = 0
SETTINGS: Final = 1
GRID_CODES: Final = {"int32": 2, "int64": 3, "float32": 4, "float64": 5, "bool": 6}
ARRAY: Final = 16
COMPLEX: Final = 17

HEADER_LENGTH: Final = struct.Struct("<I")
INLINE: Final = -1

_KEYS: Final = (str, int, float, bytes, type(None), np.generic)
_CONTAINERS: Final = (dict, list, tuple)
_PLAIN_KINDS: Final = "biuf"
"""Kinds of numpy scalars that Python has too, and MessagePack with it."""

_VARIABLE_WIDTH: Final = "T"
"""The kind of numpy's StringDType."""

_ONLY_OURS: Final = (
    ", which MUSCLE3's protocol cannot carry; a program with Conjoin's own library could receive it"
)

MAX_DEPTH: Final = 500
"""MessagePack cannot go deeper than 511."""

_TOO_LARGE_FOR_MSGPACK: Final = "object is too large"

SMALL_ARRAY: Final = 8192
"""Arrays up to this size in bytes travel within the message."""


@runtime_checkable
class GridLike(Protocol):
    """An object with an array and names for its axes, such as MUSCLE3's own Grid."""

    array: npt.NDArray[np.generic]
    indexes: list[str] | None


def encode_overlay(overlay: Settings) -> bytes:
    """Return the MessagePack form of the settings that go with a message.

    Raises:
        UnsendableData: If the value of one cannot be a setting's.
    """
    return _pack_or_explain(_marked(overlay), _plain_setting, "settings")


class _NoSetting:
    """Stands for a value that MessagePack could pack, and that no setting can have."""

    def __init__(self, value: object) -> None:
        self.value = value


def _marked(settings: Settings) -> dict[str, object]:
    """Return the values by name, with marks where MessagePack would take what is no setting's."""
    return {name: _mark(value, 0) for name, value in settings.as_dict().items()}


def _mark(value: object, depth: int) -> object:
    if isinstance(value, (list, tuple)) and depth < MAX_SETTING_DEPTH:
        return [_mark(item, depth + 1) for item in value]
    is_possible = isinstance(value, (str, int, float, np.generic, np.ndarray))
    return value if is_possible else _NoSetting(value)


def _plain_setting(value: object) -> object:
    """Turn what numpy has for numbers, and lists of them, into Python's."""
    if isinstance(value, np.ndarray):
        array = plain_array(value)
        if array.ndim in (1, 2) and array.dtype.kind in "iuf":
            return array.tolist()
        msg = f"an array of {array.dtype} with {array.ndim} dimensions, and no list of numbers"
        raise TypeError(msg)
    plain = _python_value(value) if isinstance(value, np.generic) else value
    if plain is not value:
        return plain
    found = value.value if isinstance(value, _NoSetting) else value
    msg = f"an object of type {type(found).__name__}, which no setting can have: {ALLOWED_VALUES}"
    raise TypeError(msg)


def unpack_settings(data: bytes) -> Settings:
    """Return the settings in an extension's payload.

    Raises:
        RemoteProtocolError: If there are none in it.
    """
    values = unpack(data)
    if not isinstance(values, dict):
        msg = "received settings that are no map of names to values"
        raise RemoteProtocolError(msg)
    try:
        return Settings(values)
    except ValueError as error:
        msg = f"received settings with an invalid name: {error}"
        raise RemoteProtocolError(msg) from error


def _unpack_milestone(data: bytes) -> Milestone:
    counters = unpack(data)
    if not isinstance(counters, list) or not all(type(item) is int for item in counters):
        msg = "received a milestone that is no list of numbers"
        raise RemoteProtocolError(msg)
    return Milestone(tuple(counters))


def _unpack_complex(data: bytes) -> complex:
    match unpack(data):
        case [float(real), float(imag)]:
            return complex(real, imag)
        case _:
            msg = "received a complex number that is not made of two numbers"
            raise RemoteProtocolError(msg)


def _plain(value: object) -> object:
    """Return what both codecs pack an object as; the object itself where they differ."""
    if isinstance(value, Milestone):
        return msgpack.ExtType(MILESTONE, pack(list(value.iteration)))
    settings = settings_of(value)
    if settings is not None:
        return msgpack.ExtType(SETTINGS, pack(_marked(settings), _plain_setting))
    return value


class Muscle3Payloads:
    """The data types that MUSCLE3 knows."""

    @staticmethod
    def encode(value: object) -> bytes:
        """Return the MessagePack form of a message's data.

        Raises:
            UnsendableData: If MUSCLE3 could not receive some part of it.
        """
        _check_keys(value, "data", (str,), "no string, and a MUSCLE3 component refuses such keys")
        return _pack_or_explain(value, Muscle3Payloads.default)

    @staticmethod
    def default(value: object) -> object:
        """Turn an object that MessagePack does not know into one that it does."""
        if isinstance(value, np.ndarray):
            return _muscle3_grid(value, None)
        if isinstance(value, Grid):
            return _muscle3_grid(value.array, value.indexes)
        plain = _plain(value)
        if plain is not value:
            return plain
        if isinstance(value, np.generic):
            return _muscle3_scalar(value)
        if isinstance(value, GridLike):
            return _muscle3_grid(value.array, value.indexes)
        msg = f"an object of type {type(value).__name__}"
        if isinstance(value, complex):
            msg += _ONLY_OURS
        raise TypeError(msg)

    @staticmethod
    def ext_hook(code: int, data: bytes) -> object:
        """Return the object for an extension value."""
        if code == MILESTONE:
            return _unpack_milestone(data)
        if code == SETTINGS:
            return unpack_settings(data)
        if code in GRID_CODES.values():
            return _unpack_muscle3_grid(data)
        return msgpack.ExtType(code, data)


def _muscle3_scalar(scalar: np.generic) -> object:
    plain = _python_value(scalar)
    if plain is scalar:
        msg = f"a numpy scalar of type {scalar.dtype}{_ONLY_OURS}"
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


def _unpack_muscle3_grid(data: bytes) -> Grid:
    values = unpack(data)
    try:
        # looked up first, since numpy makes a dtype of almost anything
        if values["type"] not in GRID_CODES:
            msg = f"received a grid of unknown type {brief(values['type'])}"
            raise RemoteProtocolError(msg)
        dtype = np.dtype(values["type"]).newbyteorder("<")
        flat = np.frombuffer(values["data"], dtype)
        array = flat.reshape(tuple(values["shape"]), order="F" if values["order"] == "fa" else "C")
        return Grid(array, values.get("indexes"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = f"received a grid that makes no sense: {type(error).__name__}: {error}"
        raise RemoteProtocolError(msg) from error


class OwnPayloads:
    """The data types that we can send among ourselves, with large buffers beside the message.

    One object is used for one message, in either direction.

    Attributes:
        buffers: The large buffers, in the order in which the message refers to them.
    """

    def __init__(self, buffers: list[memoryview] | None = None) -> None:
        self.buffers: list[memoryview] = buffers if buffers is not None else []

    def default(self, value: object) -> object:
        """Turn an object that MessagePack does not know into one that it does."""
        # the frequent ones first: to ask for a protocol takes longer than to pack an array
        if isinstance(value, np.ndarray):
            return self._pack_array(value, None)
        if isinstance(value, Grid):
            return self._pack_array(value.array, value.indexes)
        plain = _plain(value)
        if plain is not value:
            return plain
        if isinstance(value, np.generic):
            return self._pack_array(np.asarray(value), None, is_scalar=True)
        if isinstance(value, GridLike):
            return self._pack_array(value.array, value.indexes)
        if isinstance(value, complex):
            return msgpack.ExtType(COMPLEX, pack([value.real, value.imag]))
        msg = f"an object of type {type(value).__name__}"
        raise TypeError(msg)

    def ext_hook(self, code: int, data: bytes) -> object:
        """Return the object for an extension value."""
        if code == ARRAY:
            return self._unpack_array(data)
        if code == MILESTONE:
            return _unpack_milestone(data)
        if code == SETTINGS:
            return unpack_settings(data)
        if code == COMPLEX:
            return _unpack_complex(data)
        return msgpack.ExtType(code, data)

    def _pack_array(
        self,
        array: npt.NDArray[np.generic],
        indexes: list[str] | None,
        *,
        is_scalar: bool = False,
    ) -> msgpack.ExtType:
        array = plain_array(array)
        if array.dtype.hasobject:
            raise TypeError(_why_not_by_value(array.dtype))
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
            where = len(self.buffers)
            self.buffers.append(memory.reshape(-1).view(np.uint8).data)
        else:
            raw = memory.tobytes()
        names = tuple(indexes) if indexes else None
        if array.dtype.names is None:
            header = _array_header(array.dtype.str, array.shape, order, where, is_scalar, names)
        else:
            description = _describe(array.dtype)
            header = _pack_header(description, array.shape, order, where, is_scalar, names)
        return msgpack.ExtType(ARRAY, header + raw)

    def _unpack_array(self, data: bytes) -> object:
        try:
            end = HEADER_LENGTH.size + HEADER_LENGTH.unpack_from(data)[0]
            header = _parse_array_header(data[HEADER_LENGTH.size : end])
            raw = data[end:] if header.where == INLINE else self.buffers[header.where]
            array = _as_array(raw, header)
            return array[()] if header.is_scalar else Grid(array, header.indexes)
        except (IndexError, TypeError, ValueError, OverflowError, struct.error) as error:
            msg = f"received an array that makes no sense: {type(error).__name__}: {error}"
            raise RemoteProtocolError(msg) from error


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


def _pack_header(dtype: object, *values: object) -> bytes:
    packed = pack([dtype, *values])
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
    dtype = np.dtype(wire if isinstance(wire, str) else _structure(wire))  # type: ignore[call-overload]
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
        case str():
            return wire
        case [base, [*shape]]:
            return _structure(base), tuple(shape)
        case {"formats": [*formats], "record": bool(is_record), **others}:
            parts = {**others, "formats": [_structure(item) for item in formats]}
            return np.dtype((np.record if is_record else np.void, np.dtype(parts)))  # type: ignore[call-overload]
        case _:
            msg = "the dtype of an array is neither a text nor a description"
            raise TypeError(msg)


def encode_own(value: object, payloads: OwnPayloads) -> bytes:
    """Return the MessagePack form of a value for one of our own peers.

    Raises:
        UnsendableData: If some part of it cannot be sent.
    """
    _check_keys(value, "data", _KEYS, "neither a string, a number, bytes nor None")
    return _pack_or_explain(value, payloads.default)


def _pack_or_explain(
    value: object, default: Callable[[object], object], path: str = "data"
) -> bytes:
    try:
        return pack(value, default)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _explain(value, default, path, error) from error


def _explain(
    value: object, default: Callable[[object], object], path: str, error: Exception
) -> UnsendableData:
    """Find the part of a value that cannot be packed."""
    parts: list[tuple[str, object]] = []
    settings = settings_of(value)
    if settings is not None:
        value, default = _marked(settings), _plain_setting
    if isinstance(value, dict):
        for key, item in value.items():
            parts += [(f"the key {key!r} of {path}", key), (f"{path}[{key!r}]", item)]
    elif isinstance(value, (list, tuple)):
        parts = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    for part_path, part in parts:
        try:
            pack(part, default)
        except RecursionError as inner:
            return UnsendableData(path, f"it is nested too deeply ({inner})")
        except (TypeError, ValueError, OverflowError) as inner:
            return _explain(part, default, part_path, inner)
    if str(error).endswith(_TOO_LARGE_FOR_MSGPACK):
        return DataTooLarge(path, "it is larger than 4 GiB")
    return UnsendableData(path, _reason(value, error))


def _reason(value: object, error: Exception) -> str:
    if isinstance(value, int):
        return f"{value} does not fit into 64 bits"
    if isinstance(error, RecursionError):
        return "it is nested too deeply, or contains itself"
    return f"it is {error}" if isinstance(error, TypeError) else str(error)


def _check_keys(
    value: object, path: str, allowed: tuple[type, ...], reason: str, depth: int = 0
) -> None:
    if depth > MAX_DEPTH:
        raise UnsendableData("data", "it is nested too deeply, or contains itself")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, allowed):
                raise UnsendableData(path, f"its key {key!r} is {reason}")
            if isinstance(item, _CONTAINERS):
                _check_keys(item, f"{path}[{key!r}]", allowed, reason, depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if isinstance(item, _CONTAINERS):
                _check_keys(item, f"{path}[{index}]", allowed, reason, depth + 1)
