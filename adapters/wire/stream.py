"""The protocol between our own instances, in which the sender pushes its messages.

This module encodes and decodes frames; `stream_sender` and `stream_receiver` exchange them. One
stream carries all messages from one instance to another. A frame is::

    total length (8)   of all that follows the fixed part
    channel (4)        the pair of endpoints; OPEN_CHANNEL opens a channel
    head length (4)
    buffer count (4)
    reserved (4)       0
    ------------------ end of the fixed part; all integers are little-endian
    buffer lengths     8 bytes each
    head               MessagePack: [number, port length, timestamp, next timestamp, iteration,
                       saved until or nil, overlay or nil, data];
                       or [channel, receiving endpoint] to open a channel
    buffers            one after the other

Array data are not part of the head, so both sides can avoid copying them.

The receiver connects, sends a greeting (see `greeting`), and then a hello: a length, its name and
the number of frames that it has received.

A connection over a network may be lost. So the sender keeps each frame until the receiver has
acknowledged it: after every few frames, the receiver sends the number of frames received so far, as
one word. When the receiver reconnects, the number in its hello determines where the sender resumes.
A Unix socket is lost only if the peer is, so frames are neither kept nor acknowledged there.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from adapters.wire.frames import MAX_SIGNED, Piece, checked_length
from adapters.wire.mpp import NO_SETTINGS
from adapters.wire.packing import pack, unpack, unpack_request
from adapters.wire.payloads import OwnPayloads, encode_overlay, encode_own
from domain.coupling.messages import PeerMessage
from domain.coupling.settings import Settings
from domain.errors import RemoteProtocolError

FIXED: Final = struct.Struct("<QIIII")
LENGTH: Final = struct.Struct("<Q")
OPEN_CHANNEL: Final = 0xFFFFFFFF
GOODBYE: Final = MAX_SIGNED
"""The goodbye: a receiver that leaves sends it instead of an acknowledgement."""

_NIL: Final = pack(None)
MAX_HEAD: Final = 2**31
MAX_FRAME: Final = 2**48
MAX_BUFFER_COUNT: Final = 2**20


class FixedPart(NamedTuple):
    """The fixed part of a frame.

    Attributes:
        channel: Number of the pair of endpoints.
        head_length: Length of the head.
        buffer_count: Number of buffers.
        total: Length of everything after the fixed part.
    """

    channel: int
    head_length: int
    buffer_count: int
    total: int

    @property
    def index_length(self) -> int:
        """Length of the buffers' lengths."""
        return self.buffer_count * LENGTH.size


def encode_hello(receiver: str, received: int) -> bytes:
    """Return the hello of a receiving instance that connects.

    Args:
        receiver: Its name.
        received: Number of frames that it has received on earlier connections.
    """
    return pack([receiver, received])


def decode_hello(data: bytes) -> tuple[str, int]:
    """Return the name of the receiving instance, and the number of frames it has received.

    Raises:
        RemoteProtocolError: If the data are not a hello.
    """
    match unpack_request(data):
        case [str(receiver), int(received)] if received >= 0:
            return receiver, received
        case _:
            msg = "an instance requested a stream without a valid name and number of frames"
            raise RemoteProtocolError(msg)


def open_channel(channel: int, receiver: str) -> bytes:
    """Return the frame that assigns a number to a receiving endpoint."""
    head = pack([channel, receiver])
    return FIXED.pack(len(head), OPEN_CHANNEL, len(head), 0, 0) + head


def decode_open_channel(head: Piece) -> tuple[int, str]:
    """Return the number and the receiving endpoint of a channel.

    Raises:
        RemoteProtocolError: If the head does not contain them.
    """
    match unpack(head):
        case [int(channel), str(receiver)]:
            return channel, receiver
        case _:
            msg = "received a channel without a valid number and name"
            raise RemoteProtocolError(msg)


def encode_message(channel: int, message: PeerMessage) -> list[bytes | memoryview]:
    """Return the frame for a message, as the pieces to send.

    All but the first piece are views of the user's data.

    Raises:
        UnsendableData: If some part of the data cannot be sent.
    """
    data = message.data
    payloads = OwnPayloads()
    encoded = encode_own(data, payloads)
    start = pack_head(message)
    buffers = payloads.buffers
    head_length = len(start) + len(encoded)
    if not buffers:
        fixed = FIXED.pack(head_length, channel, head_length, 0, 0)
        return [b"".join((fixed, start, encoded))]
    lengths = b"".join(LENGTH.pack(len(buffer)) for buffer in buffers)
    total = len(lengths) + head_length + sum(map(len, buffers))
    fixed = FIXED.pack(total, channel, head_length, len(buffers), 0)
    return [b"".join((fixed, lengths, start, encoded)), *buffers]


def pack_head(message: PeerMessage) -> bytes:
    """Return the head of a message up to its data.

    Raises:
        UnsendableData: If the value of some setting of its overlay cannot be sent.
    """
    packed = pack(
        [
            message.number,
            message.port_length,
            message.timestamp,
            message.next_timestamp,
            message.iteration,
            message.saved_until,
        ]
    )
    overlay = encode_overlay(message.overlay) if message.overlay else _NIL
    # begin an array of eight values; the caller packs the last one, the data, separately
    return b"".join((b"\x98", packed[1:], overlay))


def decode_fixed(data: Piece) -> FixedPart:
    """Return the fixed part of a frame.

    Raises:
        RemoteProtocolError: If its size is wrong, or its lengths are too large or inconsistent.
    """
    try:
        total, channel, head_length, buffer_count, _ = FIXED.unpack(data)
    except struct.error as error:
        msg = f"received {len(data)} bytes instead of the fixed part of a frame"
        raise RemoteProtocolError(msg) from error
    checked_length(total, MAX_FRAME)
    checked_length(head_length, MAX_HEAD)
    checked_length(buffer_count, MAX_BUFFER_COUNT)
    fixed = FixedPart(channel, head_length, buffer_count, total)
    if fixed.index_length + head_length > total:
        msg = "received a frame that is shorter than its parts"
        raise RemoteProtocolError(msg)
    return fixed


def decode_buffer_lengths(fixed: FixedPart, index: Piece) -> list[int]:
    """Return the lengths of a frame's buffers.

    Raises:
        RemoteProtocolError: If the sum of the lengths is wrong.
    """
    if len(index) != fixed.index_length:
        msg = f"received {len(index)} bytes instead of the lengths of a frame's buffers"
        raise RemoteProtocolError(msg)
    lengths = [item for (item,) in LENGTH.iter_unpack(index)]
    if fixed.index_length + fixed.head_length + sum(lengths) != fixed.total:
        msg = "received a frame whose length differs from the sum of its parts"
        raise RemoteProtocolError(msg)
    return lengths


def decode_message(head: Piece, buffers: list[memoryview]) -> PeerMessage:
    """Return the message for a head and its buffers.

    Raises:
        RemoteProtocolError: If they do not form a message.
    """
    values = unpack(head, OwnPayloads(buffers).ext_hook)
    try:
        number, length, timestamp, next_timestamp, iteration, saved, overlay, data = values
        if type(timestamp) is not float:
            timestamp = float(timestamp)
        if next_timestamp is not None and type(next_timestamp) is not float:
            next_timestamp = float(next_timestamp)
        if saved is not None and type(saved) is not float:
            saved = float(saved)
        return PeerMessage(
            timestamp=timestamp,
            next_timestamp=next_timestamp,
            data=data,
            overlay=Settings(overlay) if overlay else NO_SETTINGS,
            port_length=length,
            number=number,
            iteration=tuple(iteration),
            saved_until=saved,
        )
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        msg = f"received an incomplete or invalid message: {error!r}"
        raise RemoteProtocolError(msg) from error
