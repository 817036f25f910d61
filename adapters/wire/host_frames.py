"""Frames between the processes of a task runtime, as MessagePack.

A frame is checked completely before any part of it is used. Payloads, which contain pickles, stay
opaque: they are inside the frame, or in a block of shared memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeGuard

from adapters.wire.packing import brief, new_packer, unpack
from domain.errors import RemoteProtocolError
from domain.runtime.blocks import BlockPlace
from domain.runtime.payloads import EngineValue, Plain

_INLINE: Final = 0
_BLOCK: Final = 1
_FILE: Final = 2


@dataclass(frozen=True, slots=True)
class InlineParcel:
    """A payload inside a frame.

    Attributes:
        pieces: Its data, followed by its buffers.
    """

    pieces: tuple[bytes, ...] = (b"",)


@dataclass(frozen=True, slots=True)
class BlockParcel:
    """A payload in a block of shared memory.

    Attributes:
        place: The block.
        sizes: Sizes of the pieces in it: its data, followed by its buffers.
    """

    place: BlockPlace
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FileParcel:
    """A payload in a spill file of the run.

    Attributes:
        name: Name of the file.
        sizes: Sizes of the pieces in it.
    """

    name: str
    sizes: tuple[int, ...]


Parcel: TypeAlias = InlineParcel | BlockParcel | FileParcel

EMPTY: Final = InlineParcel()


@dataclass(frozen=True, slots=True)
class Request:
    """A request, which is answered by a Reply or a Failure with the same number."""

    number: int
    kind: str
    fields: Mapping[str, Plain]
    parcel: Parcel = EMPTY
    values: tuple[EngineValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a request."""

    number: int
    kind: str
    fields: Mapping[str, Plain]
    parcel: Parcel = EMPTY
    values: tuple[EngineValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """The request could not be handled; the text says why."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Information that needs no reply."""

    kind: str
    fields: Mapping[str, Plain] = field(default_factory=dict)


Frame: TypeAlias = Request | Reply | Failure | Notice

_REQUEST, _REPLY, _FAILURE, _NOTICE = 1, 2, 3, 4
_MESSAGE_ITEMS: Final = 6
_BYTES: Final = frozenset({bytes})
_STRINGS: Final = frozenset({str})
_PACKER: Final = new_packer()


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame.

    Raises:
        TypeError: If a field is not a plain value.
        OverflowError: If an integer has more than 64 bits.
    """
    if isinstance(frame, Failure):
        return _PACKER.pack([_FAILURE, frame.number, frame.text])
    if isinstance(frame, Notice):
        return _PACKER.pack([_NOTICE, frame.kind, frame.fields])
    code = _REQUEST if type(frame) is Request else _REPLY
    parcel = frame.parcel
    plain = [_INLINE, parcel.pieces] if type(parcel) is InlineParcel else parcel_to_plain(parcel)
    values = [[value.key, value.size] for value in frame.values] if frame.values else ()
    return _PACKER.pack([code, frame.number, frame.kind, frame.fields, plain, values])


def encode_inline(
    create: type[Request | Reply], number: int, kind: str, fields: Mapping[str, Plain], data: bytes
) -> bytes:
    """Return the bytes of the usual frame, with one piece of data inside and no values.

    Raises:
        TypeError: If a field is not a plain value.
        OverflowError: If an integer has more than 64 bits.
    """
    code = _REQUEST if create is Request else _REPLY
    return _PACKER.pack([code, number, kind, fields, [_INLINE, [data]], ()])


def decode_frame(data: bytes) -> Frame:
    """Return the frame that the bytes contain.

    Raises:
        RemoteProtocolError: If they are not a valid frame.
    """
    items = unpack(data, ext_hook=_no_extensions)
    if not isinstance(items, list) or not items:
        raise _invalid("frame", items)
    decode = _DECODERS.get(items[0]) if isinstance(items[0], int) else None
    if decode is None:
        raise _invalid("frame type", items[0])
    return decode(items)


def parcel_to_plain(parcel: Parcel) -> list[Plain]:
    """Return a parcel as plain values."""
    if isinstance(parcel, InlineParcel):
        return [_INLINE, list(parcel.pieces)]
    if isinstance(parcel, FileParcel):
        return [_FILE, parcel.name, list(parcel.sizes)]
    place = parcel.place
    return [
        _BLOCK,
        [place.pid, place.descriptor, place.segment, place.offset, place.size],
        list(parcel.sizes),
    ]


def parcel_from_plain(items: object) -> Parcel:
    """Return the parcel that plain values describe.

    Raises:
        RemoteProtocolError: If they do not describe one.
    """
    match items:
        case [0, list(pieces)] if pieces and _BYTES.issuperset(map(type, pieces)):
            return InlineParcel(tuple(pieces))
        case [1, [pid, descriptor, str(segment), offset, size], [*sizes]] if sizes:
            place = BlockPlace(
                _count(pid), _count(descriptor), segment, _count(offset), _count(size)
            )
            return BlockParcel(place, tuple(map(_count, sizes)))
        case [2, str(name), [*sizes]] if sizes:
            return FileParcel(name, tuple(map(_count, sizes)))
    raise _invalid("parcel", items)


def _decode_message(
    create: Callable[[int, str, Mapping[str, Plain], Parcel, tuple[EngineValue, ...]], Frame],
) -> Callable[[list[object]], Frame]:
    def decode(items: list[object]) -> Frame:
        if len(items) != _MESSAGE_ITEMS:
            raise _invalid("message", items)
        _, number, kind, fields, parcel, values = items
        if not (_is_count(number) and isinstance(kind, str) and isinstance(values, list)):
            raise _invalid("message", items)
        retained = tuple(map(_value, values)) if values else ()
        return create(number, kind, _fields(fields), parcel_from_plain(parcel), retained)

    return decode


def _decode_failure(items: list[object]) -> Frame:
    match items:
        case [_, number, str(text)] if _is_count(number):
            return Failure(number, text)
    raise _invalid("failure", items)


def _decode_notice(items: list[object]) -> Frame:
    match items:
        case [_, str(kind), fields]:
            return Notice(kind, _fields(fields))
    raise _invalid("notice", items)


def _fields(fields: object) -> Mapping[str, Plain]:
    if isinstance(fields, dict) and _STRINGS.issuperset(map(type, fields)):
        return fields
    raise _invalid("fields", fields)


def _value(item: object) -> EngineValue:
    match item:
        case [str(key), size] if _is_count(size):
            return EngineValue(key, size)
    raise _invalid("value", item)


def _count(item: object) -> int:
    if _is_count(item):
        return item
    raise _invalid("number", item)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _no_extensions(code: int, _data: bytes) -> object:
    raise _invalid("extension type", code)


def _invalid(what: str, value: object) -> RemoteProtocolError:
    return RemoteProtocolError(f"received an invalid {what}: {brief(value)}")


_DECODERS: Final[dict[int, Callable[[list[object]], Frame]]] = {
    _REQUEST: _decode_message(Request),
    _REPLY: _decode_message(Reply),
    _FAILURE: _decode_failure,
    _NOTICE: _decode_notice,
}
