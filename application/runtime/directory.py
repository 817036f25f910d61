"""The directory: proxies of all members of the run, for one runtime."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from application.runtime.comms import Comms
from application.runtime.identity import Identity
from application.runtime.members import Members
from application.runtime.runtime_proxy import RuntimeProxy
from domain.runtime.uids import HEAD, MONITOR, WAREHOUSE, uid_of

_WITHOUT_NODE = frozenset({HEAD, MONITOR})


class Directory:
    """Looks members up for one runtime.

    Args:
        identity: The runtime.
        members: The live members.
        comms: Has their proxies.
    """

    def __init__(self, *, identity: Identity, members: Members, comms: Comms) -> None:
        self._identity = identity
        self._members = members
        self._comms = comms

    @property
    def nodes(self) -> list[RuntimeProxy]:
        """The proxies of the live nodes, ordered by index."""
        return [self._comms.registered(uid) for uid in self._members.nodes()]

    @property
    def workers(self) -> list[RuntimeProxy]:
        """The proxies of the live workers, ordered by index."""
        return [self._comms.registered(uid) for uid in self._members.workers()]

    @property
    def num_nodes(self) -> int:
        """The number of live nodes."""
        return len(self._members.nodes())

    @property
    def num_workers(self) -> int:
        """The number of live workers."""
        return len(self._members.workers())

    def get_head(self) -> RuntimeProxy:
        """Return the proxy of the head."""
        return self._comms.registered(HEAD)

    def get_monitor(self) -> RuntimeProxy:
        """Return the proxy of the monitor."""
        return self._comms.registered(MONITOR)

    def get_node(self, uid: str | None = None) -> RuntimeProxy | None:
        """Return the proxy of a node; by default of the one that this runtime is on.

        The head and the monitor are on none.

        Raises:
            KeyError: There is no such node.
        """
        if uid is not None:
            return self._comms.proxy(uid)
        if self._identity.name in _WITHOUT_NODE:
            return None
        node = self._members.node_of(self._identity.uid)
        return self._comms.registered(node or self._members.nodes()[0])

    def get_worker(self, uid: str | None = None) -> RuntimeProxy | None:
        """Return the proxy of a worker; by default of this runtime, if it is one.

        Raises:
            KeyError: There is no such worker.
        """
        if uid is not None:
            return self._comms.proxy(uid)
        return self._comms.registered(self._identity.uid) if self._identity.is_worker else None

    def get_nodes(self) -> Mapping[str, RuntimeProxy]:
        """Return the proxies of the live nodes by uid."""
        return {uid: self._comms.registered(uid) for uid in self._members.nodes()}

    def get_workers(self) -> Mapping[str, RuntimeProxy]:
        """Return the proxies of the live workers by uid."""
        return {uid: self._comms.registered(uid) for uid in self._members.workers()}

    def get_warehouse(self) -> RuntimeProxy:
        """Return the proxy of the store that this runtime uses: that of its node, if it has one."""
        if self._identity.name in _WITHOUT_NODE or not self._identity.indices:
            return self._comms.registered(WAREHOUSE)
        own = uid_of(WAREHOUSE, self._identity.indices[0])
        return self._comms.registered(self._members.find(own).uid)

    def get_local_warehouse(self) -> RuntimeProxy:
        """Return the same as `get_warehouse`."""
        return self.get_warehouse()

    async def wait_for_workers(self, n: int, timeout: float | None = None) -> None:
        """Wait until so many workers have joined.

        Raises:
            TimeoutError: They did not join in time.
        """
        enough = asyncio.get_running_loop().create_future()

        def joined(uid: str) -> None:
            del uid
            if self.num_workers >= n and not enough.done():
                enough.set_result(None)

        joined("")
        self._members.notify(joined=joined)
        try:
            await asyncio.wait_for(enough, timeout)
        except asyncio.TimeoutError:
            msg = f"Only {self.num_workers} of {n} workers have joined within {timeout} s"
            raise TimeoutError(msg) from None
