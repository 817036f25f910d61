"""Wires the manager's services, for both the manager and its tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from structlog.typing import FilteringBoundLogger

from application.interfaces.activity_meter import ActivityMeter
from application.interfaces.admission import Client
from application.interfaces.clock import Clock, Scheduler
from application.interfaces.instance_probe import InstanceProbe
from application.interfaces.logbook import EventSink, Logbook
from application.interfaces.node_pool import NodePool
from application.interfaces.peer_processes import PeerProcesses
from application.interfaces.process_watch import ProcessWatch
from application.interfaces.profile_store import ProfileStore
from application.interfaces.run_directory import RunDirectory
from application.interfaces.run_script_writer import RunScriptWriter
from application.interfaces.worker import Worker
from application.interfaces.workflow_snapshot_store import WorkflowSnapshotStore
from application.manager.admission import ClientAdmission
from application.manager.allocation_end import AllocationEnd
from application.manager.client_error_report import ClientErrorReport
from application.manager.connection_watch import ConnectionWatch
from application.manager.deadlock_watch import DeadlockWatch
from application.manager.desk import ServicesDesk
from application.manager.instance_directories import InstanceDirectories
from application.manager.last_departures import LastDepartures
from application.manager.peer_lookup import PeerLookup
from application.manager.profile_intake import ProfileIntake, profile_limit
from application.manager.program_activity import ProgramActivity
from application.manager.program_starter import ProgramStarter
from application.manager.program_watch import ProgramWatch
from application.manager.registration import InstanceRegistry
from application.manager.run_actions import RunActions
from application.manager.run_control import RunControl
from application.manager.run_service import RunService
from application.manager.snapshots.run_checkpoints import RunCheckpoints
from application.manager.snapshots.snapshot_registry import SnapshotRegistry
from application.manager.snapshots.workflow_snapshot_watch import WorkflowSnapshotWatch
from application.manager.stall_watch import StallWatch
from application.manager.status_board import StatusBoard
from application.manager.unclosed_conduits import UnclosedConduits
from application.nodes.agent_manager import AgentManager
from domain.identity import Reference
from domain.model.configuration import Configuration
from domain.model.topology import Topology
from domain.running.clients import trust_between_instances
from domain.running.events import NodeChanged
from domain.running.outputs import OutputPiece
from domain.running.run_state.run_state import RunState
from entrypoints.options import ManagerOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerParts:
    """The adapters that the manager's services use.

    Attributes:
        clock: Provides the time.
        scheduler: Makes delayed calls on the services' thread.
        logbook: Stores log messages.
        log: The manager's own log, which writes to the logbook.
        events: Receives all events of the run.
        profiles: Stores profile events.
        run_directory: Contains the files of the run.
        scripts: Writes the scripts that start programs.
        workflow_snapshots: Announces workflow snapshots.
        probe: Checks whether an instance that was started by hand is still running.
        worker: Does slow work on a separate thread.
        processes: Finds out which process a connection belongs to.
        activity: Finds out what programs that the user started are doing.
        process_watch: Notices the ends of processes that the user started.
    """

    clock: Clock
    scheduler: Scheduler
    logbook: Logbook
    log: FilteringBoundLogger
    events: EventSink
    profiles: ProfileStore
    run_directory: RunDirectory
    scripts: RunScriptWriter
    workflow_snapshots: WorkflowSnapshotStore
    probe: InstanceProbe
    worker: Worker
    processes: PeerProcesses
    process_watch: ProcessWatch
    activity: ActivityMeter


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerServices:
    """The manager's services, wired to each other. All of them live on the scheduler's thread.

    Attributes:
        desk: Answers the requests of instances.
        agents: Answers the requests of agents, and starts processes through them.
        run: Starts the run, and reports how it ended.
        control: Monitors the instances, and decides how the run ends.
        allocation_end: Makes the instances save before the run is stopped.
        board: The status of each instance.
        registry: The instances that have registered.
        peers: The peers of each instance.
        connections: The instances that have lost their connection.
        deadlocks: The instances that wait, and for which instances they wait.
        checkpoints: When the instances save.
        snapshots: The snapshots that form consistent sets.
        client_errors: Reports misbehaving clients.
        admission: Decides which client may make which requests.
        departures: Waits for the programs of deregistered instances at the end of the run.
    """

    desk: ServicesDesk
    agents: AgentManager
    run: RunService
    control: RunControl
    allocation_end: AllocationEnd
    board: StatusBoard
    registry: InstanceRegistry
    peers: PeerLookup
    connections: ConnectionWatch
    deadlocks: DeadlockWatch
    checkpoints: RunCheckpoints
    snapshots: SnapshotRegistry
    client_errors: ClientErrorReport
    admission: ClientAdmission
    departures: LastDepartures


def build_services(
    parts: ManagerParts,
    configuration: Configuration,
    options: ManagerOptions,
    *,
    snapshot_store: str = "",
    starts_elsewhere: bool = False,
) -> ManagerServices:
    """Build the services of one manager.

    Args:
        parts: The adapters that they use.
        configuration: The configuration to run.
        options: Options of the manager.
        snapshot_store: Path or URL of the store for instance snapshots; empty for the run
            directory.
        starts_elsewhere: Whether agents may run on other machines.
    """
    model = configuration.model
    board = StatusBoard(model, clock=parts.clock, events=parts.events)
    client_errors = ClientErrorReport(board=board, logbook=parts.logbook, clock=parts.clock)
    checkpoints = RunCheckpoints(configuration.checkpoints, options.checkpoints, clock=parts.clock)
    registry = InstanceRegistry(configuration, checkpoints=checkpoints)
    agents = _build_agents(parts, options)
    connections = ConnectionWatch(registry=registry, probe=parts.probe)
    actions = RunActions(
        board=board,
        agents=agents,
        run_directory=parts.run_directory,
        look_for=connections.look_for,
        ask_to_save=checkpoints.request_all,
        worker=parts.worker,
        scheduler=parts.scheduler,
        log=parts.log,
        warn=client_errors.note,
    )
    control = RunControl(_build_state(configuration, options), actions=actions)
    is_by_hand = partial(_is_by_hand, configuration, control, starts_all=options.starts_all)
    programs = ProgramWatch(
        processes=parts.processes,
        watch=parts.process_watch,
        is_by_hand=is_by_hand,
        on_ended=control.note_program_ended,
    )
    activity = _build_activity(parts, options, board, registry, agents, programs, client_errors)
    admission = ClientAdmission(
        registry=registry,
        processes=parts.processes,
        is_by_hand=is_by_hand,
        on_refused=client_errors.note,
        starts_elsewhere=starts_elsewhere,
        on_registered=partial(_note_registered, programs, activity),
    )
    peers = PeerLookup(model, registry=registry, is_proven=admission.is_proven)
    agents.on_output(partial(_store_output, parts))
    agents.on_finished(control.note_exit)
    agents.on_node_lost(control.note_node_lost)
    allocation_end = AllocationEnd(options.checkpoints, control=control, clock=parts.clock)
    snapshots = _build_snapshots(parts, configuration, options, board, allocation_end, control)
    directories = InstanceDirectories(parts.run_directory, worker=parts.worker)
    limit = profile_limit(configuration.settings)
    profile = ProfileIntake(parts.profiles, limit=limit, log=parts.log)
    departures = LastDepartures(
        registry, clock=parts.clock, scheduler=parts.scheduler, log=parts.log
    )
    run = _build_run(
        parts,
        configuration,
        options,
        agents,
        control,
        board,
        snapshots,
        directories,
        profile,
        departures,
    )
    agents.on_node_lost(run.note_node_lost)
    agents.on_resources(run.note_resources)
    control.on_finished(run.note_result)
    deadlocks = DeadlockWatch(on_deadlock=control.note_deadlock)
    desk = ServicesDesk(
        configuration,
        registry=registry,
        peers=peers,
        deadlocks=deadlocks,
        control=control,
        board=board,
        logbook=parts.logbook,
        profile=profile,
        snapshots=snapshots,
        checkpoints=checkpoints,
        directories=directories,
        snapshot_store=snapshot_store,
        note=parts.log.info,
        unclosed=UnclosedConduits(
            model, registry=registry, warn=client_errors.warn, fail=control.fail
        ),
        trust_of=lambda instance: trust_between_instances(
            options.trust,
            has_peers_by_hand=any(map(is_by_hand, map(str, peers.peers_of(instance)))),
        ),
    )
    return ManagerServices(
        desk=desk,
        agents=agents,
        run=run,
        control=control,
        allocation_end=allocation_end,
        board=board,
        registry=registry,
        peers=peers,
        connections=connections,
        deadlocks=deadlocks,
        checkpoints=checkpoints,
        snapshots=snapshots,
        client_errors=client_errors,
        admission=admission,
        departures=departures,
    )


def _build_activity(
    parts: ManagerParts,
    options: ManagerOptions,
    board: StatusBoard,
    registry: InstanceRegistry,
    agents: AgentManager,
    programs: ProgramWatch,
    client_errors: ClientErrorReport,
) -> ProgramActivity:
    stalls = StallWatch(
        stall_time=options.stall_time,
        board=board,
        reports_waits=lambda name: not registry.is_dialect_0_10(name),
        scheduler=parts.scheduler,
        report=client_errors.warn,
    )
    board.watch(stalls)
    agents.on_activities(stalls.note_activities)
    agents.on_node_changed(lambda status: board.publish(NodeChanged(status)))
    return ProgramActivity(
        meter=parts.activity,
        programs=programs.process_ids,
        worker=parts.worker,
        scheduler=parts.scheduler,
        on_changed=stalls.note_activities,
    )


def _store_output(parts: ManagerParts, piece: OutputPiece, done: Callable[[], None]) -> None:
    """Store a piece of the output of an instance whose node shares no files with the manager."""

    def fail(error: Exception) -> None:
        parts.log.warning("output could not be stored", name=piece.process, error=str(error))
        done()

    parts.worker.run(
        lambda: parts.run_directory.add_output(
            Reference(piece.process),
            is_error=piece.is_error,
            offset=piece.offset,
            data=piece.data,
        ),
        done=lambda _: done(),
        failed=fail,
    )


def _note_registered(
    programs: ProgramWatch, activity: ProgramActivity, instance: str, client: Client
) -> None:
    programs.note_registered(instance, client)
    if programs.is_watching:
        activity.start()


def _is_by_hand(
    configuration: Configuration, control: RunControl, instance: str, *, starts_all: bool
) -> bool:
    """Return whether the user starts an instance, also before the programs are started."""
    is_to_be_started = starts_all and not configuration.is_started_by_hand(Reference(instance))
    return control.is_by_hand(instance) and not is_to_be_started


def _build_agents(parts: ManagerParts, options: ManagerOptions) -> AgentManager:
    return AgentManager(
        parts.run_directory.log_directory(),
        scheduler=parts.scheduler,
        clock=parts.clock,
        log=parts.log,
        timeouts=options.timeouts,
    )


def _build_state(configuration: Configuration, options: ManagerOptions) -> RunState:
    return RunState(
        map(str, configuration.model.instances()),
        reconnect_time=options.reconnect_time,
        save_time=options.checkpoints.save_time,
    )


def _build_run(
    parts: ManagerParts,
    configuration: Configuration,
    options: ManagerOptions,
    pool: NodePool,
    control: RunControl,
    board: StatusBoard,
    snapshots: SnapshotRegistry,
    directories: InstanceDirectories,
    profile: ProfileIntake,
    departures: LastDepartures,
) -> RunService:
    starter = ProgramStarter(
        configuration,
        pool=pool,
        run_directory=parts.run_directory,
        scripts=parts.scripts,
    )
    return RunService(
        configuration,
        pool=pool,
        starter=starter,
        control=control,
        board=board,
        profiles=parts.profiles,
        profile_warnings=profile.warnings,
        snapshots=snapshots,
        directories=directories,
        worker=parts.worker,
        scheduler=parts.scheduler,
        log=parts.log,
        await_departures=departures.wait,
        oversubscribe=options.oversubscribe,
    )


def _build_snapshots(
    parts: ManagerParts,
    configuration: Configuration,
    options: ManagerOptions,
    board: StatusBoard,
    allocation_end: AllocationEnd,
    control: RunControl,
) -> SnapshotRegistry:
    watch = WorkflowSnapshotWatch(
        board=board,
        on_announced=allocation_end.note_announced,
        control=control,
        must_store=options.checkpoints.must_store,
        scheduler=parts.scheduler,
        log=parts.log,
    )
    topology = Topology(configuration.model)
    return SnapshotRegistry(configuration, parts.workflow_snapshots, topology, report=watch.note)
