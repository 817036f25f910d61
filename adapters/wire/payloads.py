"""Encodes a message's data for the wire, for MUSCLE3 and for our own instances.

Our own instances can send more types to each other, and large arrays travel beside the message
rather than in it, which avoids copies.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import msgpack

from adapters.wire.extensions import ARRAY, COMPLEX, GRID_CODES, MILESTONE, ONLY_OURS, SETTINGS
from adapters.wire.packing import pack, unpack
from adapters.wire.pieces import TOO_LARGE, Extension, PieceRules, Pieces, pack_pieces
from domain.coupling.messages import Milestone
from domain.coupling.settings import ALLOWED_VALUES, MAX_SETTING_DEPTH, Settings, settings_of
from domain.errors import DataTooLarge, RemoteProtocolError, UnsendableData

if TYPE_CHECKING:
    from adapters.wire.arrays import ArrayCodec

_CONTAINERS: Final = (dict, list, tuple)
_NO_ARRAYS: Final = frozenset({Milestone, Settings, complex})
"""Types that MessagePack does not support, but that can be sent without importing numpy."""

MAX_DEPTH: Final = 500
"""MessagePack supports at most 511 levels of nesting."""

_TOO_LARGE_FOR_MSGPACK: Final = "object is too large"


class _Keys(NamedTuple):
    """The permitted keys of a dictionary.

    Attributes:
        types: The permitted types.
        may_be_scalars: Whether numpy scalars are permitted too.
        refusal: How an error message describes any other key.
    """

    types: tuple[type, ...]
    may_be_scalars: bool
    refusal: str


@cache
def _arrays() -> type[ArrayCodec]:
    # Imported lazily: it imports numpy, which takes longer than the rest of a program's start-up,
    # and which only programs that exchange arrays need.
    from adapters.wire.arrays import ArrayCodec

    return ArrayCodec


_MUSCLE3_KEYS: Final = _Keys((str,), False, "not a string, and MUSCLE3 components reject such keys")
_OWN_KEYS: Final = _Keys(
    (str, int, float, bytes, type(None)), True, "neither a string, a number, bytes nor None"
)


def encode_overlay(overlay: Settings) -> bytes:
    """Return the MessagePack form of the settings that go with a message.

    Raises:
        UnsendableData: If a value has a type that a setting cannot have.
    """
    return _pack_or_explain(_marked(overlay), _plain_setting, "settings")


class _Doubtful:
    """Wraps a value so that MessagePack does not pack types that settings cannot have."""

    def __init__(self, value: object) -> None:
        self.value = value


def _marked(settings: Settings) -> dict[str, object]:
    """Return the values by name, with those that may not be valid settings wrapped."""
    return {name: _mark(value, 0) for name, value in settings.as_dict().items()}


def _mark(value: object, depth: int) -> object:
    if isinstance(value, (list, tuple)) and depth < MAX_SETTING_DEPTH:
        return [_mark(item, depth + 1) for item in value]
    # MUSCLE3's programs may send None, and its receivers accept it
    is_plain = (value is None and not depth) or isinstance(value, (str, int, float))
    return value if is_plain else _Doubtful(value)


def _plain_setting(value: object) -> object:
    """Convert numpy scalars and arrays to Python numbers and lists."""
    found = value.value if isinstance(value, _Doubtful) else value
    plain = _arrays().to_setting(found)
    if plain is not found:
        return plain
    msg = f"an object of type {type(found).__name__}, which settings cannot have: {ALLOWED_VALUES}"
    raise TypeError(msg)


def unpack_settings(data: bytes) -> Settings:
    """Return the settings in an extension's payload.

    Raises:
        RemoteProtocolError: If the payload is invalid.
    """
    values = unpack(data)
    if not isinstance(values, dict):
        msg = "received settings that are not a map of names to values"
        raise RemoteProtocolError(msg)
    try:
        return Settings(values)
    except ValueError as error:
        msg = f"received settings with an invalid name: {error}"
        raise RemoteProtocolError(msg) from error


def _unpack_milestone(data: bytes) -> Milestone:
    counters = unpack(data)
    if not isinstance(counters, list) or not all(type(item) is int for item in counters):
        msg = "received a milestone that is not a list of integers"
        raise RemoteProtocolError(msg)
    return Milestone(tuple(counters))


def _unpack_complex(data: bytes) -> complex:
    match unpack(data):
        case [float(real), float(imag)]:
            return complex(real, imag)
        case _:
            msg = "received a complex number that does not consist of two numbers"
            raise RemoteProtocolError(msg)


def _plain(value: object) -> object:
    """Convert an object that both codecs pack in the same way; return any other unchanged."""
    if isinstance(value, Milestone):
        return msgpack.ExtType(MILESTONE, pack(list(value.iteration)))
    settings = settings_of(value)
    if settings is not None:
        return msgpack.ExtType(SETTINGS, pack(_marked(settings), _plain_setting))
    return value


class Muscle3Payloads:
    """Encodes the data types that MUSCLE3 supports."""

    @staticmethod
    def encode(value: object) -> bytes:
        """Return the MessagePack form of a message's data.

        Raises:
            UnsendableData: If MUSCLE3 could not receive some part of it.
        """
        _check_keys(value, "data", _MUSCLE3_KEYS)
        return _pack_or_explain(value, Muscle3Payloads.default)

    @staticmethod
    def encode_pieces(value: object) -> Pieces:
        """Return the same as `encode` in pieces, of which large ones are views of the data.

        Raises:
            UnsendableData: If MUSCLE3 could not receive some part of it.
        """
        _check_keys(value, "data", _MUSCLE3_KEYS)
        return pack_pieces(value, "data", _MUSCLE3_RULES)

    @staticmethod
    def default(value: object) -> object:
        """Convert an object of an unsupported type to one that MessagePack supports."""
        if type(value) not in _NO_ARRAYS:
            grid = _arrays().to_muscle3(value)
            if grid is not value:
                return grid
        plain = _plain(value)
        if plain is not value:
            return plain
        kind = f"an object of type {type(value).__name__}"
        if isinstance(value, complex):
            raise TypeError(kind + ONLY_OURS)
        raise UnsupportedType(kind)

    @staticmethod
    def ext_hook(code: int, data: bytes) -> object:
        """Return the object for an extension value."""
        if code == MILESTONE:
            return _unpack_milestone(data)
        if code == SETTINGS:
            return unpack_settings(data)
        if code in GRID_CODES.values():
            return _arrays().from_muscle3(data)
        return msgpack.ExtType(code, data)


def _pack_for_muscle3(value: object, path: str) -> bytes:
    return _pack_or_explain(value, Muscle3Payloads.default, path)


def _as_extension(value: object) -> Extension | None:
    if type(value) in _NO_ARRAYS:
        return None
    try:
        return _arrays().to_large_muscle3(value)
    except TypeError:
        return None  # MUSCLE3 does not support it, which `_pack_for_muscle3` explains


_MUSCLE3_RULES: Final = PieceRules(_pack_for_muscle3, _as_extension)


class OwnPayloads:
    """Encodes the data types that our own instances exchange, with large buffers separately.

    Use a new object for each message that is sent or received.

    Attributes:
        buffers: The large buffers, in the order in which the message refers to them.
    """

    def __init__(self, buffers: list[memoryview] | None = None) -> None:
        self.buffers: list[memoryview] = buffers if buffers is not None else []

    def default(self, value: object) -> object:
        """Convert an object of an unsupported type to one that MessagePack supports."""
        # check for arrays first, since they are frequent
        if type(value) not in _NO_ARRAYS:
            array = _arrays().to_own(value, self.buffers)
            if array is not value:
                return array
        plain = _plain(value)
        if plain is not value:
            return plain
        if isinstance(value, complex):
            return msgpack.ExtType(COMPLEX, pack([value.real, value.imag]))
        msg = f"an object of type {type(value).__name__}"
        raise UnsupportedType(msg)

    def ext_hook(self, code: int, data: bytes) -> object:
        """Return the object for an extension value."""
        if code == ARRAY:
            return _arrays().from_own(data, self.buffers)
        if code == MILESTONE:
            return _unpack_milestone(data)
        if code == SETTINGS:
            return unpack_settings(data)
        if code == COMPLEX:
            return _unpack_complex(data)
        return msgpack.ExtType(code, data)


def encode_own(value: object, payloads: OwnPayloads) -> bytes:
    """Return the MessagePack form of a value for one of our own peers.

    Raises:
        UnsendableData: If some part of it cannot be sent.
    """
    _check_keys(value, "data", _OWN_KEYS)
    return _pack_or_explain(value, payloads.default)


class UnsupportedType(TypeError):
    """No message can contain an object of this type."""


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
    """Return an error that names the part of a value that cannot be packed."""
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
        return DataTooLarge(path, TOO_LARGE)
    return UnsendableData(path, _reason(value, path, error))


def _reason(value: object, path: str, error: Exception) -> str:
    if isinstance(value, int):
        return f"{value} does not fit into 64 bits"
    if isinstance(error, RecursionError):
        return "it is nested too deeply, or contains itself"
    if isinstance(error, UnsupportedType):
        from adapters.wire.unsendable import alternative_to  # imported lazily: rarely needed

        return f"it is {error}. {alternative_to(value, path)}"
    return f"it is {error}" if isinstance(error, TypeError) else str(error)


def _check_keys(value: object, path: str, keys: _Keys, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise UnsendableData("data", "it is nested too deeply, or contains itself")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, keys.types) and not (
                keys.may_be_scalars and _arrays().is_scalar(key)
            ):
                raise UnsendableData(path, f"its key {key!r} is {keys.refusal}")
            if isinstance(item, _CONTAINERS):
                _check_keys(item, f"{path}[{key!r}]", keys, depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if isinstance(item, _CONTAINERS):
                _check_keys(item, f"{path}[{index}]", keys, depth + 1)
