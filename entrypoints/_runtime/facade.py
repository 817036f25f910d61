"""A runtime, as users see it: each name forwards to a service."""

from __future__ import annotations

from typing import TypeVar

from application.runtime.barrier import Barrier
from application.runtime.directory import Directory
from application.runtime.endpoint import Endpoint
from application.runtime.identity import Identity
from application.runtime.log import RuntimeLog
from application.runtime.loops import Loops
from application.runtime.runtime_proxy import RuntimeProxy
from application.runtime.warehouse import Warehouse
from entrypoints._runtime.forwarding import Forwarded, ForwardedProperty

Service = TypeVar("Service")

REMOTE_NAMES: frozenset[str] = frozenset()


class Runtime:
    """One endpoint of the network, in one role.

    `run`, `init` and `interactive` create it.

    Args:
        endpoint: The services of its process.
        uid: Its uid.
        mode: `local`, `interactive` or `cluster`.
    """

    def __init__(self, *, endpoint: Endpoint, uid: str, mode: str = "local") -> None:
        identity = Identity(uid=uid, mode=mode)
        directory = Directory(identity=identity, members=endpoint.members, comms=endpoint.comms)
        self._services: dict[type, object] = {
            type(item): item
            for item in (
                identity,
                directory,
                endpoint.barrier,
                endpoint.log,
                endpoint.loops,
                endpoint.warehouse,
            )
        }

    def service(self, kind: type[Service]) -> Service:
        """Return the service of a type."""
        found = self._services[kind]
        assert isinstance(found, kind)
        return found

    uid = ForwardedProperty(Identity, "uid", str)
    name = ForwardedProperty(Identity, "name", str)
    indices = ForwardedProperty(Identity, "indices", tuple[int, ...])
    mode = ForwardedProperty(Identity, "mode", str)
    is_head = ForwardedProperty(Identity, "is_head", bool)
    is_monitor = ForwardedProperty(Identity, "is_monitor", bool)
    is_node = ForwardedProperty(Identity, "is_node", bool)
    is_warehouse = ForwardedProperty(Identity, "is_warehouse", bool)
    is_worker = ForwardedProperty(Identity, "is_worker", bool)

    nodes = ForwardedProperty(Directory, "nodes", list[RuntimeProxy])
    workers = ForwardedProperty(Directory, "workers", list[RuntimeProxy])
    num_nodes = ForwardedProperty(Directory, "num_nodes", int)
    num_workers = ForwardedProperty(Directory, "num_workers", int)
    get_head = Forwarded(Directory, Directory.get_head)
    get_monitor = Forwarded(Directory, Directory.get_monitor)
    get_node = Forwarded(Directory, Directory.get_node)
    get_worker = Forwarded(Directory, Directory.get_worker)
    get_nodes = Forwarded(Directory, Directory.get_nodes)
    get_workers = Forwarded(Directory, Directory.get_workers)
    get_warehouse = Forwarded(Directory, Directory.get_warehouse)
    get_local_warehouse = Forwarded(Directory, Directory.get_local_warehouse)
    wait_for_workers = Forwarded(Directory, Directory.wait_for_workers)

    put = Forwarded(Warehouse, Warehouse.put)
    get = Forwarded(Warehouse, Warehouse.get)
    drop = Forwarded(Warehouse, Warehouse.drop)
    barrier = Forwarded(Barrier, Barrier.wait)
    async_for = Forwarded(Loops, Loops.async_for)

    @property
    def logger(self) -> RuntimeLog:
        """The logger."""
        return self.service(RuntimeLog)
