"""The format of instance snapshots: a digit for the version, then one MessagePack map.

Version 2 is that of MUSCLE3 0.11, version 1 that of 0.10 and earlier, which had neither timelines
nor messages received ahead. Conjoin adds two keys, which MUSCLE3 ignores: `conjoin` for state that
only Conjoin has, and, last, `checksum` of everything before it.

MUSCLE3's C++ and Fortran libraries write the same versions as its Python library, except for the
settings overlays: nil in a message that has none, and an extension value instead of a map for the
overlay of the instance. A snapshot without a state may have nil for its message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final
from zlib import crc32

import msgpack

from adapters.wire.extensions import SETTINGS
from adapters.wire.mpp import NO_SETTINGS, decode_message, encode_message_pieces
from adapters.wire.packing import pack, unpack
from adapters.wire.payloads import Muscle3Payloads, OwnPayloads, encode_own, unpack_settings
from adapters.wire.pieces import Packed, Piece, PieceRules, Pieces, pack_pieces
from domain.checkpointing.instance_snapshot import CommunicatorState, SavedMessage, Snapshot
from domain.coupling.messages import Iteration, Message, PeerMessage
from domain.coupling.ports import Operator, PortSlot
from domain.coupling.settings import Settings
from domain.coupling.timelines import RoundsState, TimelineState
from domain.errors import (
    DataTooLarge,
    ForeignSnapshot,
    InconsistentSnapshot,
    ProtocolError,
    UnsendableData,
)

NOBODY: Final = "_"
"""Sender and receiver that MUSCLE3 writes into a message that was never sent."""

OWN_DATA: Final = 18
"""Extension code for the data of a message that MUSCLE3 cannot read."""

_TOO_LARGE: Final = (
    " is larger than 4 GiB, the limit of a snapshot. Save less, or write the state to a file and"
    " save its path"
)
_CRC_SIZE: Final = 4
_DIGEST_SIZE: Final = 16
"""Size of the BLAKE2b checksum in snapshots of Conjoin's first versions."""

_OWN_PART_KEY: Final = pack("conjoin")
_CHECKSUM_KEY: Final = pack("checksum")
_MAX_CHECKSUM_SIZE: Final = len(_CHECKSUM_KEY) + len(pack(bytes(_DIGEST_SIZE)))
_KEYS_V1: Final = frozenset(
    {
        "triggers",
        "wallclock_time",
        "port_message_counts",
        "is_final_snapshot",
        "message",
        "settings_overlay",
    }
)
_KEYS_V2: Final = frozenset({*_KEYS_V1 - {"port_message_counts"}, "communicator_state"})
_OWN_KEYS: Final = frozenset({"conjoin", "checksum"})
_EXPECTED_ERRORS: Final = (ProtocolError, KeyError, ValueError, TypeError, AttributeError)


class MsgPackSnapshot:
    """Encodes and decodes instance snapshots."""

    @staticmethod
    def encode(snapshot: Snapshot) -> bytes:
        """Return the bytes of a snapshot. Raises the same errors as `encode_pieces`."""
        return b"".join(MsgPackSnapshot.encode_pieces(snapshot))

    @staticmethod
    def encode_pieces(snapshot: Snapshot) -> Pieces:
        """Return the bytes of a snapshot in pieces, of which large ones are views of its data.

        Raises:
            OSError: If it, or a part of it, exceeds the limit of the format.
            UnsendableData: If a part of the model's state cannot be stored.
        """
        try:
            return _encode(snapshot)
        except DataTooLarge as error:
            raise OSError(error.path + _TOO_LARGE) from error
        except UnsendableData as error:
            raise UnsendableData(error.path, error.reason, purpose="stored") from error
        except ValueError as error:  # raised by msgpack for data that is too large
            raise OSError("it" + _TOO_LARGE) from error

    @staticmethod
    def decode(data: bytes, *, name: str) -> Snapshot:
        """Return the snapshot that some bytes encode.

        Args:
            data: The bytes.
            name: Name of the snapshot in error messages.

        Raises:
            ForeignSnapshot: If another library wrote it, and it cannot be decoded here.
            InconsistentSnapshot: If it is damaged, or not a snapshot.
        """
        version = bytes(data[:1])
        decode = _VERSIONS.get(version)
        if decode is None:
            raise _refusal(name, _why_unknown(version), is_foreign=_is_foreign(data))
        is_complete = False
        try:
            values = _map(unpack(memoryview(data)[1:]))
            is_complete = True
            _check_checksum(data, values)
            return decode(values)
        except _EXPECTED_ERRORS as error:
            # a truncated map is damaged, whichever library wrote it
            is_foreign = is_complete and _is_foreign(data)
            what = "is in an unknown format" if is_foreign else "is incomplete or damaged"
            reason = f"it {what} ({_description(error)})"
            raise _refusal(name, reason, is_foreign=is_foreign) from error


def _encode(snapshot: Snapshot) -> Pieces:
    values: dict[str, object] = {
        "triggers": list(snapshot.triggers),
        "wallclock_time": float(snapshot.wallclock_time),
        "is_final_snapshot": snapshot.is_final_snapshot,
        "message": b"" if snapshot.message is None else _encode_state(snapshot.message),
        "settings_overlay": snapshot.settings_overlay.as_dict(),
        "communicator_state": _encode_communicator(snapshot.communicator),
    }
    own = _encode_own_part(snapshot)
    if own:
        values["conjoin"] = own
    # a map with one item more: the checksum follows
    body: Pieces = [b"2", msgpack.Packer().pack_map_header(len(values) + 1)]
    for key, value in values.items():
        body += [pack(key), *pack_pieces(value, key, _PLAIN)]
    return [*body, _CHECKSUM_KEY, pack(_crc(body))]


def _plain(value: object, _path: str) -> bytes:
    return pack(value)


_PLAIN: Final = PieceRules(_plain)


def _refusal(name: str, reason: str, *, is_foreign: bool) -> InconsistentSnapshot:
    msg = f"Snapshot '{name}' cannot be used: {reason}. Resume from another one."
    if is_foreign:
        return ForeignSnapshot(msg, location=name, reason=reason)
    return InconsistentSnapshot(msg)


def _is_foreign(data: bytes) -> bool:
    """Return whether a file that cannot be decoded is a snapshot of another library.

    Conjoin's snapshots contain both a checksum and the key `conjoin`, so a single damaged byte
    cannot make one of them look foreign.
    """
    is_ours = _CHECKSUM_KEY in data[-_MAX_CHECKSUM_SIZE:] or _OWN_PART_KEY in data
    return len(data) > 1 and data[:1].isdigit() and not is_ours


def _why_unknown(version: bytes) -> str:
    if not version:
        return "the file is empty"
    if not version.isdigit():
        return "it is not a snapshot, or is damaged: it does not start with a version number"
    return f"it has version {version.decode()}, but only 1 and 2 are supported"


def _description(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _crc(pieces: Iterable[Piece]) -> bytes:
    """Return the CRC-32 of some pieces: it takes a fifth of the time of a cryptographic hash."""
    crc = 0
    for piece in pieces:
        crc = crc32(piece, crc)
    return crc.to_bytes(_CRC_SIZE, "big")


def _checksum_matches(data: bytes, checksum: object) -> bool:
    end = _CHECKSUM_KEY + pack(checksum)
    body = memoryview(data)[: -len(end)]
    if not data.endswith(end):
        return False
    if isinstance(checksum, bytes) and len(checksum) == _CRC_SIZE:
        return checksum == _crc([body])
    return checksum == blake2b(body, digest_size=_DIGEST_SIZE).digest()


def _check_checksum(data: bytes, values: Mapping[str, object]) -> None:
    """Check the checksum, which MUSCLE3's snapshots do not have.

    Raises:
        ValueError: If it does not match.
    """
    unknown = values.keys() - _KEYS_V1 - _KEYS_V2 - _OWN_KEYS
    if unknown:  # perhaps the key of our checksum is damaged
        msg = f"it has an unknown key {min(map(repr, unknown))}"
        raise ValueError(msg)
    if "checksum" in values and not _checksum_matches(data, values["checksum"]):
        msg = "its checksum does not match"
        raise ValueError(msg)
    if "conjoin" in values and "checksum" not in values:
        msg = "its checksum is missing"
        raise ValueError(msg)


def _decode_v2(values: dict[str, Any]) -> Snapshot:
    _check_keys(values, _KEYS_V2)
    state = values["communicator_state"]
    return _decode(
        values,
        _decode_own_part(
            CommunicatorState(
                _decode_counts(state["port_message_counts"]),
                _decode_timeline(state["timeline_state"]),
                tuple(
                    SavedMessage(_text(port), _slot(slot), _decode_message(message))
                    for port, slot, message in state["message_cache"]
                ),
            ),
            values.get("conjoin", {}),
        ),
    )


def _decode_v1(values: dict[str, Any]) -> Snapshot:
    # as in version 2, a final snapshot does not count F_INIT messages received ahead
    _check_keys(values, _KEYS_V1)
    return _decode(values, CommunicatorState(_decode_counts(values["port_message_counts"])))


_VERSIONS: Final[Mapping[bytes, Callable[[dict[str, Any]], Snapshot]]] = {
    b"1": _decode_v1,
    b"2": _decode_v2,
}


def _check_keys(values: Mapping[str, object], expected: frozenset[str]) -> None:
    for key in sorted(expected - values.keys()):
        raise KeyError(key)


def _decode(values: Mapping[str, Any], communicator: CommunicatorState) -> Snapshot:
    return Snapshot(
        tuple(map(_text, values["triggers"])),
        _float(values["wallclock_time"]),
        _bool(values["is_final_snapshot"]),
        _decode_state(values["message"]) if values["message"] else None,
        _decode_overlay(values["settings_overlay"]),
        communicator,
        _text(values.get("conjoin", {}).get("instance", "")),
    )


def _decode_overlay(value: object) -> Settings:
    if isinstance(value, msgpack.ExtType) and value.code == SETTINGS:
        return unpack_settings(value.data)
    return Settings(_map(value))


def _encode_state(message: Message) -> Packed:
    overlay = Settings() if message.settings is None else message.settings
    return _encode_message(
        PeerMessage(message.timestamp, message.next_timestamp, message.data, overlay, None, 0, ())
    )


def _decode_state(data: bytes) -> Message:
    values = _map(unpack(data, Muscle3Payloads.ext_hook))
    overlay = NO_SETTINGS if values["settings_overlay"] is None else values["settings_overlay"]
    if not isinstance(overlay, Settings):
        msg = "the overlay of its message is not a settings object"
        raise TypeError(msg)
    next_timestamp = values["next_timestamp"]
    return Message(
        _float(values["timestamp"]),
        None if next_timestamp is None else _float(next_timestamp),
        _decode_data(values["data"]),
        overlay or None,
    )


def _encode_message(message: PeerMessage) -> Packed:
    """Encode a message in MUSCLE3's format if possible, otherwise in our own."""
    try:
        return Packed(encode_message_pieces(NOBODY, NOBODY, message))
    except DataTooLarge:
        raise  # our own format has the same limit
    except UnsendableData:
        payloads = OwnPayloads()
        encoded = encode_own(message.data, payloads)
        data = Packed(_pack_own([encoded, payloads.buffers]), OWN_DATA)
        return Packed(encode_message_pieces(NOBODY, NOBODY, message.with_data(data)))


def _pack_own(parts: list[object]) -> Pieces:
    try:
        return pack_pieces(parts, "data", _PLAIN)
    except DataTooLarge as error:
        raise DataTooLarge("data", error.reason) from error


def _decode_message(data: bytes) -> PeerMessage:
    message = decode_message(data, nil_overlay=NO_SETTINGS)
    return message.with_data(_decode_data(message.data))


def _decode_data(data: object) -> object:
    if not isinstance(data, msgpack.ExtType) or data.code != OWN_DATA:
        return data
    encoded, buffers = unpack(data.data)
    return unpack(encoded, OwnPayloads([memoryview(buffer) for buffer in buffers]).ext_hook)


def _encode_communicator(state: CommunicatorState) -> dict[str, object]:
    timeline = state.timeline or TimelineState(None, (), {})
    return {
        "port_message_counts": _encode_counts(state.port_message_counts),
        "timeline_state": {
            "iteration": _encode_iteration(timeline.iteration),
            "send_participated": _encode_port_slots(timeline.sent),
            "subtimeline_states": {
                name: _encode_rounds(rounds) for name, rounds in timeline.rounds.items()
            },
        },
        "message_cache": [
            [item.port, item.slot, _encode_message(item.message)] for item in state.message_cache
        ],
    }


def _encode_rounds(rounds: RoundsState) -> dict[str, object]:
    return {
        "iteration": _encode_iteration(rounds.iteration),
        "first_operator": None if rounds.first_operator is None else rounds.first_operator.name,
        "send_participated": _encode_port_slots(rounds.sent),
        "receive_participated": _encode_port_slots(rounds.received),
    }


def _decode_timeline(values: Mapping[str, Any]) -> TimelineState:
    return TimelineState(
        _decode_iteration(values["iteration"]),
        _decode_port_slots(values["send_participated"]),
        {
            _text(name): _decode_rounds(rounds)
            for name, rounds in values["subtimeline_states"].items()
        },
    )


def _decode_rounds(values: Mapping[str, Any]) -> RoundsState:
    first = values["first_operator"]
    return RoundsState(
        _decode_iteration(values["iteration"]),
        None if first is None else Operator[_text(first)],
        _decode_port_slots(values["send_participated"]),
        _decode_port_slots(values["receive_participated"]),
    )


def _encode_own_part(snapshot: Snapshot) -> dict[str, object]:
    """Return the state for which MUSCLE3's format lacks keys; may be empty."""
    state = snapshot.communicator
    parts: dict[str, object] = {
        "instance": snapshot.instance,
        "reduced_counts": _encode_counts(state.reduced_counts),
        "held_back": [
            [port, slot, peer, _encode_message(message), count]
            for port, slot, message, peer, count in state.held_back
        ],
        "served": [
            [port, slot, [list(iteration) for iteration in iterations]]
            for (port, slot), iterations in state.served.items()
        ],
        "port_lengths": dict(state.port_lengths),
        "has_no_timeline": state.timeline is None,
    }
    return {key: value for key, value in parts.items() if value}


def _decode_own_part(state: CommunicatorState, values: Mapping[str, Any]) -> CommunicatorState:
    return state._replace(
        timeline=None if values.get("has_no_timeline") else state.timeline,
        reduced_counts=_decode_counts(values.get("reduced_counts", {})),
        held_back=tuple(
            SavedMessage(
                _text(port), _slot(slot), _decode_message(message), _text(peer), _int(count)
            )
            for port, slot, peer, message, count in values.get("held_back", ())
        ),
        served={
            (_text(port), _slot(slot)): tuple(_iteration(item) for item in iterations)
            for port, slot, iterations in values.get("served", ())
        },
        port_lengths={
            _text(port): _int(length) for port, length in values.get("port_lengths", {}).items()
        },
    )


def _encode_counts(counts: Mapping[str, tuple[int, ...]]) -> dict[str, list[int]]:
    return {port: list(numbers) for port, numbers in counts.items()}


def _decode_counts(counts: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {_text(port): tuple(map(_int, numbers)) for port, numbers in _map(counts).items()}


def _encode_iteration(iteration: Iteration | None) -> list[int] | None:
    return None if iteration is None else list(iteration)


def _decode_iteration(value: object) -> Iteration | None:
    return None if value is None else _iteration(value)


def _encode_port_slots(port_slots: tuple[PortSlot, ...]) -> list[list[object]]:
    return [[port, slot] for port, slot in port_slots]


def _decode_port_slots(values: object) -> tuple[PortSlot, ...]:
    return tuple((_text(port), _slot(slot)) for port, slot in _list(values))


def _iteration(value: object) -> Iteration:
    return tuple(map(_int, _list(value)))


def _slot(value: object) -> int | None:
    return None if value is None else _int(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise _unexpected("a string", value)


def _int(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _unexpected("an integer", value)


def _bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _unexpected("true or false", value)


def _float(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise _unexpected("a number", value)


def _map(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise _unexpected("a map", value)


def _list(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    raise _unexpected("a list", value)


def _unexpected(expected: str, value: object) -> TypeError:
    return TypeError(f"expected {expected}, found {value!r:.60}")
