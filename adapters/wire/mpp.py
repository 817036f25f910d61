"""MUSCLE3's protocol between instances.

The receiver requests the next message for one of its endpoints; the sender answers when it has one.
"""

from __future__ import annotations

from typing import Final

import msgpack

from adapters.wire.extensions import SETTINGS
from adapters.wire.packing import brief, pack, unpack, unpack_request
from adapters.wire.payloads import Muscle3Payloads, encode_overlay
from adapters.wire.pieces import Pieces
from domain.coupling.messages import PeerMessage
from domain.coupling.settings import Settings
from domain.errors import RemoteProtocolError

GET_NEXT_MESSAGE: Final = 21

MAX_PORT_LENGTH: Final = 2**24
"""Longest vector port to accept: a receiver keeps state for each slot."""

_KEYS: Final = (
    "sender",
    "receiver",
    "port_length",
    "timestamp",
    "next_timestamp",
    "settings_overlay",
    "message_number",
    "data",
    "iteration",
)

NO_SETTINGS: Final = Settings()
_NO_SETTINGS_PACKED: Final = msgpack.ExtType(SETTINGS, encode_overlay(NO_SETTINGS))


def encode_request(receiver: str) -> bytes:
    """Return the request for the next message for an endpoint."""
    return pack([GET_NEXT_MESSAGE, receiver])


def decode_request(data: bytes) -> str:
    """Return the receiving endpoint in a request for a message.

    Raises:
        RemoteProtocolError: If it is not a valid request.
    """
    match unpack_request(data):
        case [int(kind), str(receiver)] if kind == GET_NEXT_MESSAGE:
            return receiver
        case other:
            msg = f"received an unknown request from an instance: {brief(other)}"
            raise RemoteProtocolError(msg)


def encode_message(sender: str, receiver: str, message: PeerMessage) -> bytes:
    """Return the bytes of a message.

    Args:
        sender: The sending endpoint.
        receiver: The receiving endpoint.
        message: The message.

    Raises:
        UnsendableData: If MUSCLE3 could not receive some part of the data or the overlay.
    """
    data = Muscle3Payloads.encode(message.data)
    return b"".join((_pack_head(sender, receiver, message), data, _pack_iteration(message)))


def encode_message_pieces(sender: str, receiver: str, message: PeerMessage) -> Pieces:
    """Return the same as `encode_message` in pieces, of which large ones are views of the data.

    Raises:
        UnsendableData: If MUSCLE3 could not receive some part of the data or the overlay.
    """
    data = Muscle3Payloads.encode_pieces(message.data)
    return [_pack_head(sender, receiver, message), *data, _pack_iteration(message)]


def _pack_head(sender: str, receiver: str, message: PeerMessage) -> bytes:
    overlay = _NO_SETTINGS_PACKED
    if message.overlay:
        overlay = msgpack.ExtType(SETTINGS, encode_overlay(message.overlay))
    head = [sender, receiver, message.port_length, message.timestamp, message.next_timestamp]
    values = [*head, overlay, message.number]
    packer = msgpack.Packer(autoreset=False)
    packer.pack_map_header(len(_KEYS))
    for key, value in zip(_KEYS, values, strict=False):
        packer.pack(key)
        packer.pack(value)
    packer.pack("data")
    packed: bytes = packer.bytes()
    return packed


def _pack_iteration(message: PeerMessage) -> bytes:
    return pack("iteration") + pack(list(message.iteration))


def decode_message(data: bytes | memoryview, *, nil_overlay: Settings | None = None) -> PeerMessage:
    """Decode the bytes of a message.

    Args:
        data: The bytes.
        nil_overlay: Overlay to use if that of the message is nil; None to reject nil.

    Raises:
        RemoteProtocolError: If they are not a valid message.
    """
    values = unpack(data, Muscle3Payloads.ext_hook)
    try:
        overlay = values["settings_overlay"]
        if overlay is None and nil_overlay is not None:
            overlay = nil_overlay
        if not isinstance(overlay, Settings):
            msg = "received a message whose overlay is not a settings object"
            raise RemoteProtocolError(msg)
        message = PeerMessage(
            timestamp=float(values["timestamp"]),
            next_timestamp=_optional_float(values["next_timestamp"]),
            data=values["data"],
            overlay=overlay,
            port_length=_optional_length(values["port_length"]),
            number=int(values["message_number"]),
            iteration=tuple(map(int, values["iteration"])),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        msg = f"received an incomplete or invalid message: {error!r}"
        raise RemoteProtocolError(msg) from error
    message.size = len(data)
    return message


def _optional_float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _optional_length(value: object) -> int | None:
    if value is None or (isinstance(value, int) and 0 <= value <= MAX_PORT_LENGTH):
        return value
    msg = f"expected the length of a port or nothing, got {brief(value)}"
    raise ValueError(msg)
