"""Packs messages into frames, and manages the memory and the values that they refer to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from adapters.embedded.parcels import LARGE, LentBlocks, pack, unpack
from adapters.wire.host_frames import (
    BlockParcel,
    InlineParcel,
    Reply,
    Request,
    encode_frame,
    encode_inline,
)
from application.interfaces.segments import SegmentPool
from domain.runtime.blocks import BlockPlace
from domain.runtime.errors import EngineError
from domain.runtime.payloads import EngineValue, Message, Payload, Plain

FREE: Final = "engine:free"
"""Notice to the process that created a block: the receiver has released it."""

Notify = Callable[[str, str, Mapping[str, Plain]], None]


class MessagePacking:
    """Packs and unpacks messages.

    Large payloads are lent to the receiver in shared memory, until it reports that nothing refers
    to them any more.

    Args:
        uid: The uid of this process.
        segments: Shared memory.
        notify: Sends a notice of a kind to a process.
    """

    def __init__(self, uid: str, segments: SegmentPool, notify: Notify) -> None:
        self._uid = uid
        self._segments = segments
        self._notify = notify
        self._lent = LentBlocks(segments)
        self._on_value_sent: Callable[[EngineValue, str], None] = _ignore
        self._on_value_arrived: Callable[[EngineValue], None] = _ignore
        self._on_value_dropped: Callable[[EngineValue], None] = _ignore

    def open(self) -> None:
        """Prepare for finalizers on any thread."""
        self._loop = asyncio.get_running_loop()

    def on_values(
        self,
        *,
        sent: Callable[[EngineValue, str], None],
        arrived: Callable[[EngineValue], None],
        dropped: Callable[[EngineValue], None],
    ) -> None:
        """Report the values in each message.

        Args:
            sent: Called with each value and the receiver, before the message is sent.
            arrived: Called with each value when the message has arrived.
            dropped: Called in addition if no caller waits for the message.
        """
        self._on_value_sent = sent
        self._on_value_arrived = arrived
        self._on_value_dropped = dropped

    def pack(
        self, receiver: str, create: type[Request | Reply], number: int, message: Message
    ) -> bytes:
        """Return the frame for a receiver, which must be sent.

        Raises:
            EngineError: There is not enough shared memory.
            TypeError: A field is not a plain value.
            OverflowError: An integer has more than 64 bits.
        """
        data = message.payload.data
        has_more = message.values or message.payload.buffers
        if isinstance(data, bytes) and len(data) < LARGE and not has_more:
            return encode_inline(create, number, message.kind, message.fields, data)
        try:
            parcel = pack(message.payload, self._segments)
        except OSError as error:
            raise EngineError(f"cannot send {message.payload.size} bytes: {error}") from error
        try:
            frame = encode_frame(
                create(number, message.kind, message.fields, parcel, message.values)
            )
        except BaseException:
            if isinstance(parcel, BlockParcel):
                self._segments.free(parcel.place.segment, parcel.place.offset)
            raise
        for value in message.values:
            self._on_value_sent(value, receiver)
        self._lent.lend(parcel, receiver)
        return frame

    def unpack(self, sender: str, frame: Request | Reply) -> Message:
        """Return the message in a frame. It must be used, or dropped.

        Raises:
            OSError: Its payload cannot be mapped, usually because the sender is gone.
        """
        parcel = frame.parcel
        if not frame.values and type(parcel) is InlineParcel:
            pieces = parcel.pieces
            return Message(frame.kind, frame.fields, Payload(pieces[0], pieces[1:]))
        on_unmapped: Callable[[], None] = _ignore
        if isinstance(parcel, BlockParcel):
            on_unmapped = partial(self._give_back_soon, sender, parcel.place)
        for value in frame.values:
            self._on_value_arrived(value)
        try:
            payload = unpack(parcel, self._segments, on_unmapped=on_unmapped)
        except OSError:
            self._drop_values(frame.values)
            raise
        return Message(frame.kind, frame.fields, payload, frame.values)

    def drop(self, message: Message) -> None:
        """Release what a message holds that no caller waits for."""
        self._drop_values(message.values)

    def _drop_values(self, values: Sequence[EngineValue]) -> None:
        for value in values:
            self._on_value_dropped(value)

    def delivered_here(self, message: Message) -> Message:
        """Return a message as it arrives in this process, with read-only buffers."""
        for value in message.values:
            self._on_value_sent(value, self._uid)
            self._on_value_arrived(value)
        if not message.payload.buffers:
            return message
        payload = Payload(message.payload.data, tuple(map(bytes, message.payload.buffers)))
        return replace(message, payload=payload)

    def host_lost(self, uid: str) -> None:
        """Take back what was lent to a process."""
        self._lent.host_lost(uid)

    def free(self, _sender: str, fields: Mapping[str, Plain]) -> None:
        """Handle the notice that a receiver has released a block."""
        match fields:
            case {"segment": str(segment), "offset": int(offset)}:
                self._lent.give_back(segment, offset)

    def _give_back_soon(self, sender: str, place: BlockPlace) -> None:
        # a finalizer may run on any thread, or after the loop is closed
        with contextlib.suppress(RuntimeError):
            fields: dict[str, Plain] = {"segment": place.segment, "offset": place.offset}
            self._loop.call_soon_threadsafe(self._notify, sender, FREE, fields)


def _ignore(*_arguments: object) -> None:
    """Do nothing."""
