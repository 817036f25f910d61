"""The actors that this process has created, or has a proxy of."""

from __future__ import annotations

from weakref import WeakValueDictionary

from application.runtime.actor_proxy import ActorProxy, Caller
from application.runtime.actor_record import ActorRecord
from application.runtime.actor_restarts import ActorRestarts
from application.runtime.holdings import Holdings
from application.runtime.packing import Packing
from domain.runtime.handles import ActorHandle


class ActorTable:
    """Has one record for each actor, and replaces proxies in pickles.

    Args:
        own: Uid of this process.
        caller: Calls actors.
        holdings: Counts proxies.
        restarts: Follows actors to other workers.
        packing: Pickles.
    """

    def __init__(
        self,
        *,
        own: str,
        caller: Caller,
        holdings: Holdings,
        restarts: ActorRestarts,
        packing: Packing,
    ) -> None:
        self._own = own
        self._caller = caller
        self._holdings = holdings
        self._restarts = restarts
        self._records: WeakValueDictionary[str, ActorRecord] = WeakValueDictionary()
        self._made = 0
        packing.add(ActorProxy, self._describe, ActorHandle, self.restore)

    def new(self, type_name: str, uid: str | None) -> ActorRecord:
        """Return the record of a new actor.

        Args:
            type_name: The name of its class.
            uid: Its uid; None for a generated one.
        """
        self._made += 1
        name = uid or f"{type_name.lower()}:{self._own}:{self._made}"
        record = ActorRecord(name, type_name, creator=self._own, lane=str(self._made))
        self._records[name] = record
        return record

    def proxy(self, record: ActorRecord) -> ActorProxy:
        """Return a proxy of an actor."""
        return ActorProxy(record, self._caller)

    def restore(self, handle: ActorHandle) -> ActorProxy:
        """Return a proxy of an actor that another process has passed on."""
        record = self._records.get(handle.uid)
        if record is None:
            self._made += 1
            record = ActorRecord(
                handle.uid,
                handle.type_name,
                creator=handle.creator,
                lane=str(self._made),
                home=handle.home,
                restarts=int(handle.is_restartable),
            )
            self._records[handle.uid] = record
            self._holdings.acquire(record, handle.uid, handle.home)
            self._restarts.follow(record)
        return self.proxy(record)

    def resident(self, uid: str, type_name: str) -> ActorProxy:
        """Return a proxy of an actor that lives in this process."""
        return self.restore(ActorHandle(uid, type_name, self._own, self._own))

    def _describe(self, proxy: ActorProxy) -> object:
        record: ActorRecord = proxy._record
        return record.handle
