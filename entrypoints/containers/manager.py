"""What a manager is made of.

One container per manager; nothing here is global. A Resource is opened before it is used, and
closed by `shutdown_resources`, whatever depends on it first. Only what a Resource itself is given
counts as such: so each is given the others that it needs until it is closed, even if it gets at
them by way of something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from dependency_injector import containers, providers
from structlog.typing import FilteringBoundLogger

from adapters.callbacks.event_dispatcher import CallbackEventSink
from adapters.filesystem.logbook import FilesystemLogbook
from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.io import network
from adapters.local_agents.launcher import LocalAgentLauncher
from adapters.run_scripts.writer import ShellRunScriptWriter
from adapters.sqlite.profile_store import SqliteProfileStore
from adapters.system.clock import SystemClock
from adapters.tcp.instance_probe import TcpInstanceProbe
from adapters.tcp.request_router import RequestRouter
from adapters.tcp.server import DEFAULT_PORT, Server
from adapters.wire.locations import TCP, format_location
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from application.interfaces.agents import AgentLauncher
from application.interfaces.clock import Clock
from application.interfaces.instance_probe import InstanceProbe
from application.interfaces.logbook import Logbook
from application.interfaces.profile_store import ProfileStore
from application.interfaces.run_script_writer import RunScriptWriter
from application.interfaces.workflow_snapshot_store import WorkflowSnapshotStore
from application.manager.agent_management import AgentManager, OnResources
from application.manager.allocation_end import AllocationEnd
from application.manager.connection_watch import ConnectionWatch
from application.manager.deadlock_watch import DeadlockWatch
from application.manager.desk import ServicesDesk
from application.manager.peer_lookup import PeerLookup
from application.manager.program_starter import ProgramStarter
from application.manager.registration import InstanceRegistry
from application.manager.run_control import RunControl
from application.manager.snapshots.run_checkpoints import RunCheckpoints
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from application.manager.snapshots.snapshot_registry import SnapshotRegistry
from application.manager.snapshots.snapshot_stores import RunSnapshotStore
from application.manager.snapshots.workflow_snapshot_watch import WorkflowSnapshotWatch
from application.manager.status_board import StatusBoard
from application.manager.trouble_report import TroubleReport
from domain.model.configuration import Configuration
from domain.model.topology import Topology
from domain.running.events import RunFinished
from domain.running.process_end import ProcessEnd
from entrypoints.log_setup import make_log
from entrypoints.options import Adapters, ManagerOptions

MAX_REQUEST = 2**28

OnFinished: TypeAlias = Callable[[RunFinished], None]


class ListeningServer:
    """A server, and where it can be reached.

    Attributes:
        server: The server.
        locations: Its location strings.
    """

    def __init__(self, server: Server, locations: Sequence[str]) -> None:
        self.server = server
        self.locations = tuple(locations)


class Relay:
    """Passes what agents report on to whoever is to hear of it, which is made later."""

    def __init__(self) -> None:
        self.target: RunControl | None = None

    def note_exit(self, name: str, end: ProcessEnd) -> None:
        """Pass it on."""
        assert self.target is not None
        self.target.note_exit(name, end)

    def note_node_lost(self, node: str, reason: str) -> None:
        """Pass it on."""
        assert self.target is not None
        self.target.note_node_lost(node, reason)


def _open_logbook(adapters: Adapters, run_directory: FilesystemRunDirectory) -> Iterator[Logbook]:
    logbook = adapters.logbook or FilesystemLogbook(run_directory.log_file)
    try:
        yield logbook
    finally:
        logbook.close()


def _open_events(
    log: FilteringBoundLogger, *_needed_until_closed: object
) -> Iterator[CallbackEventSink]:
    events = CallbackEventSink(on_complaint=log.error)
    try:
        yield events
    finally:
        _close(events.close, "the events could not be delivered", log)


def _open_profiles(
    adapters: Adapters,
    run_directory: FilesystemRunDirectory,
    configuration: Configuration,
    log: FilteringBoundLogger,
    *_needed_until_closed: object,
) -> Iterator[ProfileStore]:
    store = adapters.profiles or SqliteProfileStore(run_directory.profile_file)
    try:
        store.add_instances(list(configuration.model.instances()))
        yield store
    finally:
        _close(store.close, "the profile could not be stored completely", log)


def _open_server(
    router: RequestRouter,
    options: ManagerOptions,
    configuration: Configuration,
    troubles: TroubleReport,
    *_needed_until_closed: object,
) -> Iterator[ListeningServer]:
    server = Server(
        router.handle,
        name="conjoin-manager",
        max_request=MAX_REQUEST,
        secret=options.secret,
        require_secret=options.require_secret,
        needs_secret=router.needs_secret,
        on_connected=router.note_connected,
        on_disconnected=router.note_disconnected,
        on_trouble=troubles.note,
    )
    try:
        if options.listens_locally and not configuration.has_manual_components:
            addresses = server.listen([network.LOOPBACK], port=DEFAULT_PORT)
        else:
            addresses = server.listen_everywhere(port=DEFAULT_PORT)
        yield ListeningServer(server, [format_location(TCP, addresses)])
    finally:
        server.close()


def _open_probe(listening: ListeningServer) -> Iterator[InstanceProbe]:
    probe = TcpInstanceProbe(listening.server.loop)
    try:
        yield probe
    finally:
        probe.close()


def _open_shelf(
    run_directory: FilesystemRunDirectory,
    storage: RunSnapshotStore,
    clock: Clock,
    log: FilteringBoundLogger,
    *_needed_until_closed: object,
) -> Iterator[WorkflowSnapshotStore]:
    shelf = FilesystemWorkflowSnapshotStore(
        run_directory.path / "snapshots",
        ensure_stored=SnapshotCopier(storage.open_store, target=storage.target).ensure_stored,
        form=YmmslWorkflowSnapshotFormat(),
        clock=clock,
    )
    try:
        yield shelf
    finally:
        _close(shelf.close, "the last workflow snapshots could not be written", log)


def _open_launcher(
    adapters: Adapters, log: FilteringBoundLogger, *_needed_until_closed: object
) -> Iterator[AgentLauncher]:
    launcher = adapters.launcher or LocalAgentLauncher()
    try:
        yield launcher
    finally:
        _close(launcher.close, "the launcher of agents could not be closed", log)


def _close(close: Callable[[], None], complaint: str, log: FilteringBoundLogger) -> None:
    # whatever goes wrong with one, the others are still to be closed
    try:
        close()
    except Exception as error:  # noqa: BLE001 - it may be an adapter from outside
        log.error(complaint, error=f"{type(error).__name__}: {error}")


def _choose_clock(adapters: Adapters) -> Clock:
    return adapters.clock or SystemClock()


def _choose_scripts(adapters: Adapters) -> RunScriptWriter:
    return adapters.scripts or ShellRunScriptWriter()


class ManagerContainer(containers.DeclarativeContainer):
    """Makes one manager. See `entrypoints.manager.Manager` for how it is used."""

    options = providers.Dependency(instance_of=ManagerOptions)
    adapters = providers.Dependency(instance_of=Adapters)
    configuration = providers.Dependency(instance_of=Configuration)
    run_directory: providers.Dependency[FilesystemRunDirectory] = providers.Dependency()
    storage = providers.Dependency(instance_of=RunSnapshotStore)
    on_finished: providers.Dependency[OnFinished] = providers.Dependency()
    on_resources: providers.Dependency[OnResources] = providers.Dependency()

    clock = providers.Singleton(_choose_clock, adapters)
    logbook = providers.Resource(_open_logbook, adapters, run_directory)
    log = providers.Singleton(make_log, logbook, options.provided.log_level)
    events = providers.Resource(_open_events, log, logbook)
    profiles = providers.Resource(
        _open_profiles, adapters, run_directory, configuration, log, logbook
    )
    router = providers.Singleton(RequestRouter)
    board = providers.Singleton(
        StatusBoard,
        configuration.provided.model,
        clock=clock,
        events=events,
    )
    troubles = providers.Singleton(TroubleReport, board=board, logbook=logbook, clock=clock)
    listening = providers.Resource(
        _open_server, router, options, configuration, troubles, logbook, events, profiles
    )
    launcher = providers.Resource(_open_launcher, adapters, log, logbook, listening)
    scripts = providers.Singleton(_choose_scripts, adapters)
    relay = providers.Singleton(Relay)

    agents = providers.Singleton(
        AgentManager,
        run_directory.provided.log_directory.call(),
        scheduler=listening.provided.server.loop,
        clock=clock,
        launcher=launcher,
        log=log,
        on_finished=relay.provided.note_exit,
        on_resources=on_resources,
        on_node_lost=relay.provided.note_node_lost,
        timeouts=options.provided.timeouts,
    )
    checkpoints = providers.Singleton(
        RunCheckpoints,
        configuration.provided.checkpoints,
        options.provided.checkpoints,
        clock=clock,
    )
    registry = providers.Singleton(InstanceRegistry, configuration, checkpoints=checkpoints)
    peers = providers.Singleton(PeerLookup, configuration.provided.model, registry=registry)
    control = providers.Singleton(
        RunControl,
        configuration.provided.model,
        board=board,
        starter=providers.Singleton(
            ProgramStarter,
            configuration,
            agents=agents,
            run_directory=run_directory,
            scripts=scripts,
        ),
        agents=agents,
        run_directory=run_directory,
        scheduler=listening.provided.server.loop,
        log=log,
        on_finished=on_finished,
    )
    allocation_end = providers.Singleton(
        AllocationEnd,
        options.provided.checkpoints,
        checkpoints=checkpoints,
        registry=registry,
        control=control,
        board=board,
        scheduler=listening.provided.server.loop,
        clock=clock,
        log=log,
    )
    shelf = providers.Resource(_open_shelf, run_directory, storage, clock, log, logbook)
    shelf_watch = providers.Singleton(
        WorkflowSnapshotWatch,
        board=board,
        on_announced=allocation_end.provided.note_announced,
        control=control,
        must_store=options.provided.checkpoints.must_store,
        scheduler=listening.provided.server.loop,
        log=log,
    )
    snapshots = providers.Singleton(
        SnapshotRegistry,
        configuration,
        shelf,
        providers.Singleton(Topology, configuration.provided.model),
        report=shelf_watch.provided.note,
    )
    probe = providers.Resource(_open_probe, listening)
    connections = providers.Singleton(
        ConnectionWatch,
        control=control,
        registry=registry,
        probe=probe,
        board=board,
        scheduler=listening.provided.server.loop,
        log=log,
        warn=troubles.provided.note,
        patience=options.provided.reconnect_time,
    )
    deadlocks = providers.Singleton(DeadlockWatch, on_deadlock=control.provided.note_deadlock)
    desk = providers.Singleton(
        ServicesDesk,
        configuration,
        registry=registry,
        peers=peers,
        deadlocks=deadlocks,
        control=control,
        connections=connections,
        board=board,
        logbook=logbook,
        profiles=profiles,
        snapshots=snapshots,
        checkpoints=checkpoints,
        run_directory=run_directory,
        snapshot_place=storage.provided.location,
    )


def opened_container(
    *,
    options: ManagerOptions,
    adapters: Adapters,
    configuration: Configuration,
    run_directory: FilesystemRunDirectory,
    storage: RunSnapshotStore,
    on_finished: OnFinished,
    on_resources: OnResources,
) -> ManagerContainer:
    """Return the parts of a manager, opened and joined.

    Close them with `shutdown_resources`. If one of them cannot be made, all others are closed
    before its error is raised.
    """
    container = ManagerContainer(
        options=providers.Object(options),
        adapters=providers.Object(adapters),
        configuration=providers.Object(configuration),
        run_directory=providers.Object(run_directory),
        storage=providers.Object(storage),
        on_finished=providers.Object(on_finished),
        on_resources=providers.Object(on_resources),
    )
    try:
        container.init_resources()
        _keep_what_was_opened(container)
        _join(container)
    except BaseException:
        container.shutdown_resources()
        raise
    return container


def _keep_what_was_opened(container: ManagerContainer) -> None:
    # who asked for a resource after it was shut down would open it again, and nobody would close it
    for provider in container.providers.values():
        if isinstance(provider, providers.Resource):
            provider.override(providers.Object(provider()))


def _join(container: ManagerContainer) -> None:
    agents = container.agents()
    container.relay().target = container.control()
    container.router().connect(instances=container.desk(), agents=agents)
