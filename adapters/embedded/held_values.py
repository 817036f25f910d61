"""The stored values that a process holds."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from functools import partial
from typing import Final

from adapters.embedded.exchange import Exchange
from adapters.embedded.parcels import pack, unpack
from adapters.wire.host_frames import (
    BlockParcel,
    parcel_from_plain,
    parcel_to_plain,
)
from application.interfaces.segments import SegmentPool
from domain.runtime.errors import EngineError, ValueLost
from domain.runtime.hosts import HEAD
from domain.runtime.payloads import EngineValue, Message, Payload, Plain

STORE: Final = "engine:store"
LOCATE: Final = "engine:locate"
HOLD: Final = "engine:hold"
RELEASE: Final = "engine:release"
UNMAP: Final = "engine:unmap"
SPILL: Final = "engine:spill"

STORED: Final = "engine:stored"
LOCATED: Final = "engine:located"
REFUSED: Final = "engine:refused"


class HeldValues:
    """Stores and fetches values, and counts those that this process holds.

    The keeper in the head knows how often each process holds a value. It is informed when this
    process sends a value to another one, and when this process does not hold a value any more.

    Args:
        exchange: Connects this process with the others.
        segments: Shared memory.
    """

    def __init__(self, exchange: Exchange, segments: SegmentPool) -> None:
        self._exchange = exchange
        self._segments = segments
        self._numbers = itertools.count(1)
        self._holds: Counter[str] = Counter()
        self._counted_by_keeper: Counter[str] = Counter()
        exchange.packing.on_values(
            sent=self._note_sent, arrived=self._note_arrived, dropped=self.release
        )

    def open(self) -> None:
        """Prepare to receive notices of any thread."""
        self._loop = asyncio.get_running_loop()

    async def put(self, payload: Payload) -> EngineValue:
        """Store a value; see `EngineLink.put`."""
        value = EngineValue(f"{self._exchange.uid}/{next(self._numbers)}", payload.size)
        try:
            parcel = pack(payload, self._segments)
        except OSError as error:
            raise EngineError(f"cannot store {value.size} bytes: {error}") from error
        fields: dict[str, Plain] = {
            "key": value.key,
            "size": value.size,
            "parcel": parcel_to_plain(parcel),
        }
        self._note_arrived(value)
        try:
            reply = await self._exchange.request(HEAD, Message(STORE, fields))
        except asyncio.CancelledError:
            self.release(value)
            raise
        if reply.kind != STORED:
            self._forget(value.key)
            if isinstance(parcel, BlockParcel):
                self._segments.free(parcel.place.segment, parcel.place.offset)
            raise EngineError(f"cannot store {value.size} bytes: {reply.fields.get('why')}")
        return value

    async def get(self, value: EngineValue, timeout: float | None) -> Payload:
        """Fetch a value; see `EngineLink.get`."""
        request = Message(LOCATE, {"key": value.key})
        reply = await self._exchange.request(HEAD, request, timeout=timeout)
        if reply.kind != LOCATED:
            raise ValueLost(value.key, str(reply.fields.get("why")))
        parcel = parcel_from_plain(reply.fields.get("parcel"))
        try:
            return unpack(
                parcel, self._segments, on_unmapped=partial(self._note_unmapped_soon, value.key)
            )
        except OSError as error:
            raise ValueLost(value.key, f"its memory cannot be mapped: {error}") from error

    async def spill(self, nbytes: int) -> int:
        """Write values of this process to files; see `EngineLink.spill`."""
        reply = await self._exchange.request(HEAD, Message(SPILL, {"bytes": nbytes}))
        # The notices that the blocks are free have arrived before the reply.
        self._segments.trim()
        spilled = reply.fields.get("bytes")
        return spilled if isinstance(spilled, int) else 0

    def retain(self, value: EngineValue) -> None:
        """Hold a value once more."""
        if value.key in self._holds:
            self._holds[value.key] += 1

    def release(self, value: EngineValue) -> None:
        """Hold a value once less."""
        if value.key not in self._holds:
            return
        self._holds[value.key] -= 1
        if not self._holds[value.key]:
            count = self._forget(value.key)
            self._exchange.notify(HEAD, RELEASE, {"key": value.key, "count": count})

    def _forget(self, key: str) -> int:
        del self._holds[key]
        return self._counted_by_keeper.pop(key)

    def _note_sent(self, value: EngineValue, host: str) -> None:
        self._exchange.notify(HEAD, HOLD, {"key": value.key, "host": host})

    def _note_arrived(self, value: EngineValue) -> None:
        self._holds[value.key] += 1
        self._counted_by_keeper[value.key] += 1

    def _note_unmapped_soon(self, key: str) -> None:
        # a finalizer may run on any thread, or after the loop is closed
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._exchange.notify, HEAD, UNMAP, {"key": key})
