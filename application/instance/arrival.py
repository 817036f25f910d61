"""Joins an instance to a simulation."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Final, NamedTuple

from application.instance.cautions import Cautions
from application.instance.checkpoints.checkpoint_calls import (
    CheckpointCalls,
    check_supports_checkpoints,
)
from application.instance.checkpoints.exchange_state import ExchangeState
from application.instance.checkpoints.instance_resume_check import check_instance_resume
from application.instance.checkpoints.snapshot_manager import SnapshotManager
from application.instance.checkpoints.triggers import CheckpointTriggers
from application.instance.communicator import Communicator
from application.instance.connections import Connections
from application.instance.declared_ports import Declaration, make_port_states, parse_declaration
from application.instance.departure import Leaving
from application.instance.filter_counts import FilterCounts
from application.instance.library_settings import apply_library_settings
from application.instance.lifecycle import Lifecycle
from application.instance.next_pass import NextPass
from application.instance.overlays import OverlayKeeper
from application.instance.patient_receiver import PatientReceiver
from application.instance.patient_sender import PatientSender
from application.instance.port_table import PortTable
from application.instance.profiler import Profiler
from application.instance.receiver import Receiver
from application.instance.routes import Routes
from application.interfaces.clock import Clock
from application.interfaces.instance_log import InstanceLog
from application.interfaces.manager_link import ManagerLink
from application.interfaces.model_threads import ModelThreads
from application.interfaces.peer_transport import PeerTransport
from application.interfaces.snapshot_repository import SnapshotRepository
from domain.coupling.call_order import CallOrder
from domain.coupling.flags import InstanceFlags
from domain.coupling.ports import SETTINGS_IN, Port
from domain.coupling.timelines import ReuseLoop
from domain.errors import CouplingError
from domain.identity import Reference
from domain.model.checkpoint_rules import CheckpointInfo
from domain.running.log_levels import LogLevel
from domain.running.profiling import ProfileEventType


class Surroundings(NamedTuple):
    """The adapters that an instance uses.

    Attributes:
        link: Connection to the manager.
        transport: Connections to the peers.
        clock: The clock.
        log: Logs messages for the user.
        snapshots: Stores and loads snapshots.
        one_at_a_time: Admits one thread of the model at a time.
        threads: The threads of the model.
    """

    link: ManagerLink
    transport: PeerTransport
    clock: Clock
    log: InstanceLog
    snapshots: SnapshotRepository
    one_at_a_time: AbstractContextManager[object]
    threads: ModelThreads


ORDER_NOT_CHECKED: Final = (
    "The flag SKIP_MMSF_SEQUENCE_CHECKS is for models of MUSCLE3 0.10: the order in which this"
    " instance sends and receives is not checked. Give the ports that are not used in each step"
    " timelines of their own, and remove the flag."
)


def join(
    instance: Reference,
    declaration: Declaration | None,
    flags: InstanceFlags,
    surroundings: Surroundings,
) -> Lifecycle:
    """Register an instance, connect it to its peers, and restore its state if it is resumed.

    An instance that fails to join leaves first: it reports the failure to the manager and closes
    its ports, so that no peer waits for it.

    Args:
        instance: Name of the instance.
        declaration: Ports by operator; None to use those of the configuration.
        flags: The flags that the model passes.
        surroundings: Connections to the outside.

    Raises:
        CouplingError: If the instance cannot take part.
    """
    return _Arrival(instance, flags, surroundings).join(declaration)


class _Arrival:
    """An instance while it joins; it has what is needed to leave if a step fails."""

    def __init__(
        self, instance: Reference, flags: InstanceFlags, surroundings: Surroundings
    ) -> None:
        self._instance = instance
        self._flags = flags
        self._surroundings = surroundings
        self._link = surroundings.link
        self._profiler = Profiler(clock=surroundings.clock, link=surroundings.link)
        self._waiting = PatientReceiver(
            link=surroundings.link,
            clock=surroundings.clock,
            threads=surroundings.threads,
            in_transit=surroundings.transport.has_messages_in_transit,
        )
        self._departure = Leaving(
            link=surroundings.link,
            transport=surroundings.transport,
            profiler=self._profiler,
            log=surroundings.log,
            clock=surroundings.clock,
        )
        self._is_registered = False
        self._connections: Connections | None = None
        surroundings.threads.note_use()

    def join(self, declaration: Declaration | None) -> Lifecycle:
        try:
            return self._join(declaration)
        except CouplingError as error:
            self._departure.leave_failed(
                error, self._connections, is_registered=self._is_registered
            )
            raise

    def _join(self, declaration: Declaration | None) -> Lifecycle:
        declared: list[Port] | None = None
        vectors: set[str] = set()
        if declaration is not None:
            declared, vectors = parse_declaration(declaration)
        depth = self._register(declared)
        connections = self._connect(declared, vectors, depth)
        overlays = OverlayKeeper(
            self._instance,
            self._link.get_settings(),
            adopts=InstanceFlags.DONT_APPLY_OVERLAY not in self._flags,
        )
        sending = PatientSender(
            link=self._link,
            waiting=self._waiting,
            threads=self._surroundings.threads,
            in_transit=self._surroundings.transport.has_messages_in_transit,
        )
        apply_library_settings(
            overlays.get,
            waiting=self._waiting,
            limit_queues=partial(
                self._surroundings.transport.limit_queues, wait=sending.wait_for_room
            ),
            profiler=self._profiler,
            log=self._surroundings.log,
        )
        is_checked = InstanceFlags.SKIP_MMSF_SEQUENCE_CHECKS not in self._flags
        if not is_checked:
            self._surroundings.log.log(LogLevel.WARNING, ORDER_NOT_CHECKED)
        loop = ReuseLoop(connections.ports, depth=depth, is_checked=is_checked)
        return self._prepare(connections, overlays, loop, is_called=depth > 1)

    def _register(self, declared: list[Port] | None) -> int:
        """Register; return how many parts the timeline has."""
        start = self._profiler.now()
        locations = self._surroundings.transport.locations()
        timeline = self._link.register_instance(locations, declared or [])
        self._is_registered = True
        self._profiler.record(ProfileEventType.REGISTER, start)
        return len(timeline)

    def _connect(self, declared: list[Port] | None, vectors: set[str], depth: int) -> Connections:
        start = self._profiler.now()
        peers = self._link.request_peers()
        ports = PortTable(self._instance, make_port_states(declared, vectors, peers))
        routes = Routes(
            transport=self._surroundings.transport, peers=peers, ports=ports, depth=depth
        )
        communicator = Communicator(
            routes=routes,
            counts=FilterCounts(peers),
            ports=ports,
            waiting=self._waiting,
            profiler=self._profiler,
        )
        receiver = Receiver(communicator=communicator, ports=ports)
        # if one peer cannot be reached, the ports to the others are closed
        self._connections = Connections(ports, communicator, receiver)
        routes.connect()
        self._profiler.record(ProfileEventType.CONNECT, start)
        return self._connections

    def _prepare(
        self,
        connections: Connections,
        overlays: OverlayKeeper,
        loop: ReuseLoop,
        *,
        is_called: bool,
    ) -> Lifecycle:
        """Prepare for checkpoints and the reuse loop; restore the state when resuming."""
        info = self._link.get_checkpoint_info()
        check_supports_checkpoints(str(self._instance), self._flags, info)
        snapshots = self._snapshot_manager(connections, loop, info)
        triggers = CheckpointTriggers(info, clock=self._surroundings.clock)
        cautions = Cautions(
            self._instance,
            has_settings_port=connections.ports[SETTINGS_IN].is_connected,
            log=self._surroundings.log,
        )
        next_pass = NextPass(connections=connections, loop=loop, cautions=cautions)
        calls = CallOrder(uses_checkpoint_api=InstanceFlags.USES_CHECKPOINT_API in self._flags)
        checkpoints = CheckpointCalls(
            calls=calls,
            triggers=triggers,
            snapshots=snapshots,
            overlays=overlays,
            receiver=connections.receiver,
            communicator=connections.communicator,
            receive_ahead=next_pass.receive_ahead,
            flags=self._flags,
            is_called=is_called,
        )
        _resume(info, snapshots, overlays, triggers)
        if info.on_request:
            self._link.await_checkpoint_request(triggers.request)
        return Lifecycle(
            self._instance,
            connections=connections,
            waiting=self._waiting,
            overlays=overlays,
            loop=loop,
            next_pass=next_pass,
            calls=calls,
            snapshots=snapshots,
            checkpoints=checkpoints,
            cautions=cautions,
            departure=self._departure,
            log=self._surroundings.log,
            one_at_a_time=self._surroundings.one_at_a_time,
        )

    def _snapshot_manager(
        self, connections: Connections, loop: ReuseLoop, info: CheckpointInfo
    ) -> SnapshotManager:
        exchange = ExchangeState(
            communicator=connections.communicator, receiver=connections.receiver, loop=loop
        )
        return SnapshotManager(
            self._instance,
            self._link,
            exchange,
            repository=self._surroundings.snapshots,
            log=self._surroundings.log,
            must_store=info.must_store,
            check=partial(
                check_instance_resume,
                instance=self._instance,
                ports=connections.ports,
                flags=self._flags,
            ),
        )


def _resume(
    info: CheckpointInfo,
    snapshots: SnapshotManager,
    overlays: OverlayKeeper,
    triggers: CheckpointTriggers,
) -> None:
    """Restore the state from the snapshot to resume from, if there is one."""
    resumed_at = snapshots.prepare_resume(info.resume_from, info.snapshot_directory)
    if snapshots.resumed is not None and resumed_at is not None:
        overlays.overlay = snapshots.resumed.settings_overlay
        triggers.resume(resumed_at)
