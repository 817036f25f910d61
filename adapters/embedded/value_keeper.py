"""The store of the machine's values, in the head."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Mapping

from adapters.embedded.exchange import Exchange
from adapters.embedded.held_values import (
    HOLD,
    LOCATE,
    LOCATED,
    RELEASE,
    SPILL,
    STORE,
    STORED,
    UNMAP,
)
from adapters.embedded.message_packing import FREE
from adapters.wire.host_frames import (
    BlockParcel,
    FileParcel,
    InlineParcel,
    Parcel,
    parcel_from_plain,
    parcel_to_plain,
)
from application.interfaces.segments import SegmentPool
from domain.runtime.payloads import Message, Plain
from domain.runtime.value_ledger import ValueLedger

REFUSED = "engine:refused"


class ValueKeeper:
    """Keeps each value as long as a process holds or maps it, even if its creator is gone.

    Values beyond a limit are written to files.

    Args:
        exchange: Connects this process with the others.
        segments: Shared memory. The keeper adopts the segments of others.
        limit: Number of bytes of shared memory that values may occupy.
        on_spilled: Called after a value was written to a file, with the time at which that began,
            in seconds since the epoch, and the number of bytes.
    """

    def __init__(
        self,
        exchange: Exchange,
        segments: SegmentPool,
        *,
        limit: int,
        on_spilled: Callable[[float, int], None],
    ) -> None:
        self._exchange = exchange
        self._segments = segments
        self._limit = limit
        self._on_spilled = on_spilled
        self._ledger = ValueLedger()
        self._parcels: dict[str, Parcel] = {}
        self._files = itertools.count(1)
        self._spilling = asyncio.Lock()
        exchange.handlers.on_request(STORE, self._store)
        exchange.handlers.on_request(LOCATE, self._locate)
        exchange.handlers.on_request(SPILL, self._spill_for)
        exchange.handlers.on_notice(HOLD, self._hold)
        exchange.handlers.on_notice(RELEASE, self._release)
        exchange.handlers.on_notice(UNMAP, self._unmap)

    def stored_by(self, uid: str) -> tuple[int, int]:
        """Return the bytes that a process stored, and how many of them are spilled."""
        return self._ledger.stored_by(uid), self._ledger.spilled_of(uid)

    def host_lost(self, uid: str) -> None:
        """Free what only this process held."""
        for key in self._ledger.host_lost(uid):
            self._free(key)

    async def _store(self, sender: str, request: Message) -> Message:
        match request.fields:
            case {"key": str(key), "size": int(size), "parcel": plain}:
                parcel = parcel_from_plain(plain)
            case _:
                return Message(REFUSED, {"why": "the request is invalid"})
        is_block = isinstance(parcel, BlockParcel)
        try:
            self._ledger.add(key, size, sender, can_spill=is_block)
        except ValueError as error:
            return Message(REFUSED, {"why": str(error)})
        try:
            if isinstance(parcel, BlockParcel):
                parcel = BlockParcel(self._segments.adopt(parcel.place), parcel.sizes)
            self._parcels[key] = parcel
            await self._make_room()
        except OSError as error:
            self._ledger.forget(key)
            self._drop_parcel(key)
            return Message(REFUSED, {"why": str(error)})
        if self._ledger.forget_if_free(key):
            self._free(key)  # its owner is gone
        return Message(STORED)

    async def _make_room(self) -> None:
        """Write values to files until the others fit in the limit.

        Raises:
            OSError: A file cannot be written.
        """
        if self._ledger.shared_bytes <= self._limit:
            return
        async with self._spilling:
            for key in self._ledger.to_spill(self._limit):
                await self._spill(key)

    async def _spill_for(self, sender: str, request: Message) -> Message:
        """Write values of a process that needs memory to files, as far as the disk allows."""
        nbytes, spilled = request.fields.get("bytes"), 0
        if isinstance(nbytes, int):
            with contextlib.suppress(OSError):
                async with self._spilling:
                    for key in self._ledger.to_spill_of(sender, nbytes):
                        spilled += await self._spill(key)
        return Message(STORED, {"bytes": spilled})

    async def _spill(self, key: str) -> int:
        """Write a value to a file, unless it is freed or mapped meanwhile; return its bytes."""
        parcel = self._parcels.get(key)
        if not isinstance(parcel, BlockParcel):
            return 0
        name, start = f"value-{next(self._files)}", time.time()
        loop = asyncio.get_running_loop()
        # it may be freed meanwhile
        place = self._segments.adopt(parcel.place)
        try:
            await loop.run_in_executor(None, self._segments.spill, place, name)
        finally:
            self._segments.disown(place.segment)
        if key not in self._ledger or self._ledger.is_mapped(key):
            self._segments.remove_file(name)
            return 0
        self._free_block(key, parcel)
        self._parcels[key] = FileParcel(name, parcel.sizes)
        self._ledger.spill(key)
        self._on_spilled(start, sum(parcel.sizes))
        return sum(parcel.sizes)

    async def _locate(self, sender: str, request: Message) -> Message:
        key = request.fields.get("key")
        if not isinstance(key, str) or key not in self._ledger:
            return Message(REFUSED, {"why": "it was released, or never stored"})
        parcel = self._parcels[key]
        if not isinstance(parcel, InlineParcel):
            self._ledger.map(key, sender)
        return Message(LOCATED, {"parcel": parcel_to_plain(parcel)})

    def _hold(self, _sender: str, fields: Mapping[str, Plain]) -> None:
        match fields:
            case {"key": str(key), "host": str(host)}:
                self._ledger.hold(key, host)

    def _release(self, sender: str, fields: Mapping[str, Plain]) -> None:
        match fields:
            case {"key": str(key), "count": int(count)}:
                if self._ledger.release(key, sender, count):
                    self._free(key)

    def _unmap(self, sender: str, fields: Mapping[str, Plain]) -> None:
        match fields:
            case {"key": str(key)}:
                if self._ledger.unmap(key, sender):
                    self._free(key)

    def _free(self, key: str) -> None:
        parcel = self._drop_parcel(key)
        if isinstance(parcel, BlockParcel):
            self._free_owned(key, parcel)

    def _drop_parcel(self, key: str) -> Parcel | None:
        """Forget where a value is, and what this process needed for that."""
        parcel = self._parcels.pop(key, None)
        if isinstance(parcel, BlockParcel):
            self._segments.disown(parcel.place.segment)
        elif isinstance(parcel, FileParcel):
            self._segments.remove_file(parcel.name)
        return parcel

    def _free_block(self, key: str, parcel: BlockParcel) -> None:
        self._segments.disown(parcel.place.segment)
        self._free_owned(key, parcel)

    def _free_owned(self, key: str, parcel: BlockParcel) -> None:
        """Have the process that created a block free it."""
        owner = key.rpartition("/")[0]
        place = parcel.place
        self._exchange.notify(owner, FREE, {"segment": place.segment, "offset": place.offset})
