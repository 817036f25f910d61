"""A runtime, as users see it: each name forwards to a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from application.runtime.accounting import Accounting
from application.runtime.actor_names import ActorNames
from application.runtime.barrier import Barrier
from application.runtime.direct_creation import DirectCreation
from application.runtime.directory import Directory
from application.runtime.functions import Functions
from application.runtime.housekeeping import Housekeeping
from application.runtime.identity import Identity
from application.runtime.joining import Joining
from application.runtime.lifecycle import Lifecycle
from application.runtime.log import RuntimeLog
from application.runtime.log_names import LogNames
from application.runtime.loops import Loops
from application.runtime.mapping import ItemMapping
from application.runtime.profile import Profile
from application.runtime.residence import Residence
from application.runtime.runtime_proxy import RuntimeProxy
from application.runtime.task_names import TaskNames
from application.runtime.tasks import Tasks
from application.runtime.warehouse import Warehouse
from entrypoints._runtime.executors import Executors
from entrypoints._runtime.forwarding import Forwarded, ForwardedProperty

Service = TypeVar("Service")


class Runtime:
    """One endpoint of the network, in one role.

    `run`, `init` and `interactive` create it.

    Args:
        services: Its services, by type.
    """

    def __init__(self, services: Mapping[type, object]) -> None:
        self._services = services

    def __repr__(self) -> str:
        return f"<Runtime {self.uid}>"

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

    address = ForwardedProperty(Joining, "address", str)
    port = ForwardedProperty(Joining, "port", int)
    pubsub_port = ForwardedProperty(Joining, "pubsub_port", int)
    get_comms = Forwarded(Joining, Joining.get_comms)
    set_comms = Forwarded(Joining, Joining.set_comms)
    hand = Forwarded(Joining, Joining.hand)
    shake = Forwarded(Joining, Joining.shake)
    connect = Forwarded(Joining, Joining.connect)
    disconnect = Forwarded(Joining, Joining.disconnect)
    proxy_from_uid = Forwarded(Joining, Joining.proxy_from_uid)
    remove_proxy_from_uid = Forwarded(Joining, Joining.remove_proxy_from_uid)

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

    init = Forwarded(Lifecycle, Lifecycle.init)
    init_warehouse = Forwarded(Lifecycle, Lifecycle.init_warehouse)
    stop = Forwarded(Lifecycle, Lifecycle.stop)
    wait = Forwarded(Lifecycle, Lifecycle.wait)
    get_event_loop = Forwarded(Lifecycle, Lifecycle.get_event_loop)
    get_zmq_context = Forwarded(Lifecycle, Lifecycle.get_zmq_context)
    capabilities = ForwardedProperty(Lifecycle, "capabilities", object)

    put = Forwarded(Warehouse, Warehouse.put)
    get = Forwarded(Warehouse, Warehouse.get)
    drop = Forwarded(Warehouse, Warehouse.drop)
    barrier = Forwarded(Barrier, Barrier.wait)
    async_for = Forwarded(Loops, Loops.async_for)
    map = Forwarded(ItemMapping, ItemMapping.map)
    executor = Forwarded(Executors, Executors.executor)
    batch = Forwarded(Tasks, Tasks.batch)
    actor = Forwarded(ActorNames, ActorNames.actor)
    submit = Forwarded(Functions, Functions.submit)
    init_tessera = Forwarded(DirectCreation, DirectCreation.init_tessera)
    init_task = Forwarded(TaskNames, TaskNames.init_task)
    select_worker = Forwarded(TaskNames, TaskNames.select_worker)
    scale = Forwarded(TaskNames, TaskNames.scale)
    on_change = Forwarded(TaskNames, TaskNames.on_change)
    usage = Forwarded(TaskNames, TaskNames.usage)

    ps_process = ForwardedProperty(Accounting, "ps_process", object)
    cpu_load = Forwarded(Accounting, Accounting.cpu_load)
    memory_limit = Forwarded(Accounting, Accounting.memory_limit)
    fits_in_memory = Forwarded(Accounting, Accounting.fits_in_memory)
    inc_committed_mem = Forwarded(Accounting, Accounting.inc_committed_mem)
    dec_committed_mem = Forwarded(Accounting, Accounting.dec_committed_mem)
    inc_pending_tasks = Forwarded(Accounting, Accounting.inc_pending_tasks)
    dec_pending_tasks = Forwarded(Accounting, Accounting.dec_pending_tasks)
    inc_running_tasks = Forwarded(Accounting, Accounting.inc_running_tasks)
    dec_running_tasks = Forwarded(Accounting, Accounting.dec_running_tasks)

    cmd = Forwarded(Residence, Residence.cmd)
    register = Forwarded(Residence, Residence.register)
    needs_registering = Forwarded(Residence, Residence.needs_registering)
    deregister = Forwarded(Residence, Residence.deregister)
    inc_ref = Forwarded(Residence, Residence.inc_ref)
    dec_ref = Forwarded(Residence, Residence.dec_ref)
    dec_refs = Forwarded(Residence, Residence.dec_refs)

    maintenance = Forwarded(Housekeeping, Housekeeping.maintenance)
    maintenance_queue = Forwarded(Housekeeping, Housekeeping.maintenance_queue)
    maintenance_msg = Forwarded(Housekeeping, Housekeeping.maintenance_msg)

    set_logger = Forwarded(LogNames, LogNames.set_logger)
    log_debug = Forwarded(LogNames, LogNames.log_debug)
    log_info = Forwarded(LogNames, LogNames.log_info)
    log_perf = Forwarded(LogNames, LogNames.log_perf)
    log_warning = Forwarded(LogNames, LogNames.log_warning)
    log_error = Forwarded(LogNames, LogNames.log_error)
    raise_exception = Forwarded(LogNames, LogNames.raise_exception)

    set_profiler = Forwarded(Profile, Profile.set_profiler)
    request_profile = Forwarded(Profile, Profile.request_profile)
    recv_profile = Forwarded(Profile, Profile.recv_profile)
    send_profile = Forwarded(Profile, Profile.send_profile)

    @property
    def logger(self) -> RuntimeLog:
        """The logger."""
        return self.service(RuntimeLog)

    @staticmethod
    def proxy(
        name: str | None = None, indices: int | tuple[int, ...] = (), uid: str | None = None
    ) -> RuntimeProxy:
        """Return a proxy of a runtime, registered or not.

        Raises:
            ValueError: Without name and uid.
        """
        return RuntimeProxy(name, indices, uid)


_WITHOUT_SENDER = (
    "cpu_load",
    "memory_limit",
    "fits_in_memory",
    "inc_committed_mem",
    "dec_committed_mem",
    "inc_pending_tasks",
    "dec_pending_tasks",
    "inc_running_tasks",
    "dec_running_tasks",
)
_WITH_SENDER = (
    "init_tessera",
    "init_task",
    "cmd",
    "inc_ref",
    "dec_ref",
    "dec_refs",
    "hand",
    "shake",
    "connect",
    "disconnect",
    "log_debug",
    "log_info",
    "log_perf",
    "log_warning",
    "log_error",
    "raise_exception",
    "request_profile",
    "recv_profile",
    "stop",
    "select_worker",
)

REMOTE_NAMES = frozenset([*_WITHOUT_SENDER, *_WITH_SENDER])
"""The names that peers may call."""


def remote_calls(runtime: Runtime) -> Mapping[str, Callable[..., object]]:
    """Return what to call for each remote name of a runtime, with the sender's uid first."""
    table = {name: _without_sender(getattr(runtime, name)) for name in _WITHOUT_SENDER}
    return {**table, **{name: getattr(runtime, name) for name in _WITH_SENDER}}


def _without_sender(function: Callable[..., object]) -> Callable[..., object]:
    def call(sender: str, /, **keywords: object) -> object:
        del sender
        return function(**keywords)

    return call
