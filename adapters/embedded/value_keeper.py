"""The store of the machine's values, in the head."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from adapters.embedded.exchange import FREE, Exchange
from adapters.embedded.held_values import (
    HOLD,
    LOCATE,
    LOCATED,
    RELEASE,
    STORE,
    STORED,
    UNMAP,
)
from adapters.wire.host_frames import (
    BlockParcel,
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

    Args:
        exchange: Connects this process with the others.
        segments: Shared memory. The keeper adopts the segments of others.
    """

    def __init__(self, exchange: Exchange, segments: SegmentPool) -> None:
        self._exchange = exchange
        self._segments = segments
        self._ledger = ValueLedger()
        self._parcels: dict[str, Parcel] = {}
        exchange.on_request(STORE, self._store)
        exchange.on_request(LOCATE, self._locate)
        exchange.on_notice(HOLD, self._hold)
        exchange.on_notice(RELEASE, self._release)
        exchange.on_notice(UNMAP, self._unmap)

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
        try:
            self._ledger.add(key, size, sender)
            if isinstance(parcel, BlockParcel):
                parcel = BlockParcel(self._segments.adopt(parcel.place), parcel.sizes)
        except (OSError, ValueError) as error:
            return Message(REFUSED, {"why": str(error)})
        self._parcels[key] = parcel
        return Message(STORED)

    async def _locate(self, sender: str, request: Message) -> Message:
        key = request.fields.get("key")
        if not isinstance(key, str) or key not in self._ledger:
            return Message(REFUSED, {"why": "it was released, or never stored"})
        parcel = self._parcels[key]
        if isinstance(parcel, BlockParcel):
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
        parcel = self._parcels.pop(key, None)
        if isinstance(parcel, BlockParcel):
            place = parcel.place
            self._segments.disown(place.segment)
            owner = key.rpartition("/")[0]
            with contextlib.suppress(KeyError):
                self._exchange.notify(
                    owner, FREE, {"segment": place.segment, "offset": place.offset}
                )
