"""The resources that a manager opens and closes.

Each manager has its own container, and no state is global. The container holds the resources that
must be closed: files, sockets and threads. `shutdown_resources` closes a Resource before the ones
that it depends on. So each Resource is passed all the resources that it uses until it is closed.
`entrypoints.containers.services` builds the services that use them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dependency_injector import containers, providers
from structlog.typing import FilteringBoundLogger

from adapters.callbacks.event_dispatcher import CallbackEventSink
from adapters.filesystem.logbook import FilesystemLogbook
from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.io import network
from adapters.io.event_loop import EventLoop
from adapters.processes.activity_meter import ProcfsActivityMeter
from adapters.processes.peer_processes import new_peer_processes
from adapters.processes.process_watch import PidfdProcessWatch
from adapters.run_scripts.writer import ShellRunScriptWriter
from adapters.sqlite.profile_store import SqliteProfileStore
from adapters.system.clock import SystemClock
from adapters.tcp.instance_probe import TcpInstanceProbe
from adapters.tcp.request_router import RequestRouter
from adapters.tcp.server import DEFAULT_PORT, Server
from adapters.tcp.strangers import Strangers
from adapters.tcp.untrusted_clients import MAX_UNTRUSTED_CLIENTS
from adapters.threads.queued_logbook import QueuedLogbook
from adapters.threads.worker import ThreadWorker
from adapters.wire.locations import TCP, TcpAddress, format_location
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from application.interfaces.agents import AgentLauncher
from application.interfaces.clock import Clock, Scheduler
from application.interfaces.instance_probe import InstanceProbe
from application.interfaces.logbook import Logbook
from application.interfaces.node_pool import AgentLaunch
from application.interfaces.peer_processes import PeerProcesses
from application.interfaces.process_watch import ProcessWatch
from application.interfaces.profile_store import ProfileStore
from application.interfaces.worker import Worker
from application.interfaces.workflow_snapshot_store import WorkflowSnapshotStore
from application.manager.snapshots.snapshot_copier import SnapshotCopier, SnapshotSources
from application.manager.snapshots.snapshot_stores import RunSnapshotStore
from domain.errors import ConfigurationError
from domain.model.configuration import Configuration
from domain.running import log_sentences
from domain.running.events import RunFinished
from entrypoints._snapshots.store_factory import open_confined_store
from entrypoints.containers.services import ManagerParts, ManagerServices, build_services
from entrypoints.log_setup import make_log
from entrypoints.options import ALL_ADDRESSES, Adapters, ManagerOptions

WORKER_CLOSE_TIME = 10.0

MAX_REQUEST = 2**22
"""Largest request of a client that belongs to the run, in bytes."""

UNTRUSTED_CLIENTS_PER_INSTANCE = 2

OnFinished: TypeAlias = Callable[[RunFinished], object]


@dataclass(frozen=True, slots=True)
class RunLog:
    """The log of a run.

    Attributes:
        book: Stores the log.
        log: Adds the manager's own lines to it.
    """

    book: Logbook
    log: FilteringBoundLogger


@dataclass(frozen=True, slots=True)
class ListeningServer:
    """A server, and the locations at which it can be reached.

    Attributes:
        server: The server.
        locations: Its location strings.
    """

    server: Server
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedManager:
    """The parts of an open manager. They stay usable as values after it is closed.

    Attributes:
        services: The services that control the run.
        loop: Makes calls on the services' thread.
        launch: Starts agents.
        events: Passes events to subscribers.
        profiles: Stores profile events.
        run_directory: Contains the files of the run.
        run_log: The log of the run.
        close: Closes everything.
    """

    services: ManagerServices
    loop: Scheduler
    launch: AgentLaunch
    events: CallbackEventSink
    profiles: ProfileStore
    run_directory: FilesystemRunDirectory
    run_log: RunLog
    close: Callable[[], None]


def _open_run_log(
    adapters: Adapters, run_directory: FilesystemRunDirectory, options: ManagerOptions
) -> Iterator[RunLog]:
    book = adapters.logbook or QueuedLogbook(FilesystemLogbook(run_directory.log_file))
    try:
        log = make_log(book, options.log_level)
        log.info(log_sentences.VERSION)
        yield RunLog(book, log)
    finally:
        book.close()


def _open_events(run_log: RunLog) -> Iterator[CallbackEventSink]:
    events = CallbackEventSink(on_error=run_log.log.error)
    try:
        yield events
    finally:
        _close(events.close, "the events could not be delivered", run_log)


def _open_profiles(
    adapters: Adapters,
    run_directory: FilesystemRunDirectory,
    configuration: Configuration,
    run_log: RunLog,
) -> Iterator[ProfileStore]:
    store = adapters.profiles or SqliteProfileStore(run_directory.profile_file)
    try:
        store.add_instances(list(configuration.model.instances()))
        yield store
    finally:
        _close(store.close, "the profile could not be stored completely", run_log)


def _open_loop() -> Iterator[EventLoop]:
    loop = EventLoop("conjoin-manager")
    try:
        yield loop
    finally:
        loop.close()  # this does nothing if the server has closed the loop already


def _open_probe(loop: EventLoop) -> Iterator[InstanceProbe]:
    probe = TcpInstanceProbe(loop)
    try:
        yield probe
    finally:
        probe.close()


def _open_process_watch(loop: EventLoop) -> Iterator[ProcessWatch]:
    watch = PidfdProcessWatch(loop)
    try:
        yield watch
    finally:
        watch.close()


def _open_worker(loop: EventLoop) -> Iterator[Worker]:
    worker = ThreadWorker("conjoin-worker", scheduler=loop, close_time=WORKER_CLOSE_TIME)
    try:
        yield worker
    finally:
        worker.close()


def _open_workflow_snapshots(
    run_directory: FilesystemRunDirectory, storage: RunSnapshotStore, clock: Clock, run_log: RunLog
) -> Iterator[WorkflowSnapshotStore]:
    sources = SnapshotSources(
        open_confined_store, run_directory=run_directory, location=storage.location
    )
    store = FilesystemWorkflowSnapshotStore(
        run_directory.path / "snapshots",
        ensure_stored=SnapshotCopier(sources.source_of, target=storage.target).ensure_stored,
        form=YmmslWorkflowSnapshotFormat(),
        clock=clock,
    )
    try:
        yield store
    finally:
        _close(store.close, "the last workflow snapshots could not be written", run_log)


def _open_services(
    *,
    options: ManagerOptions,
    adapters: Adapters,
    configuration: Configuration,
    launcher: AgentLauncher,
    run_directory: FilesystemRunDirectory,
    storage: RunSnapshotStore,
    clock: Clock,
    run_log: RunLog,
    events: CallbackEventSink,
    profiles: ProfileStore,
    loop: EventLoop,
    probe: InstanceProbe,
    processes: PeerProcesses,
    process_watch: ProcessWatch,
    workflow_snapshots: WorkflowSnapshotStore,
    worker: Worker,
    on_finished: OnFinished,
) -> Iterator[ManagerServices]:
    parts = ManagerParts(
        clock=clock,
        scheduler=loop,
        logbook=run_log.book,
        log=run_log.log,
        events=events,
        profiles=profiles,
        run_directory=run_directory,
        scripts=adapters.scripts or ShellRunScriptWriter(),
        workflow_snapshots=workflow_snapshots,
        probe=probe,
        worker=worker,
        processes=processes,
        process_watch=process_watch,
        activity=ProcfsActivityMeter(),
    )
    services = build_services(
        parts,
        configuration,
        options,
        snapshot_store=storage.location,
        starts_elsewhere=not launcher.capabilities.is_this_machine,
    )
    services.run.on_finished(on_finished)
    yield services


def _open_server(
    options: ManagerOptions,
    configuration: Configuration,
    launcher: AgentLauncher,
    loop: EventLoop,
    processes: PeerProcesses,
    services: ManagerServices,
    run_log: RunLog,
) -> Iterator[ListeningServer]:
    router = RequestRouter(
        instances=services.desk, agents=services.agents, admission=services.admission
    )
    strangers = Strangers(lambda: processes, trust=options.trust)
    server = Server(
        router.handle,
        loop=loop,
        max_request=MAX_REQUEST,
        # all instances of a run may connect at the same moment
        max_untrusted=MAX_UNTRUSTED_CLIENTS
        + UNTRUSTED_CLIENTS_PER_INSTANCE * sum(1 for _ in configuration.model.instances()),
        secret=options.secret,
        admit=strangers.admit,
        locate=strangers.locate,
        needs_secret=router.needs_secret,
        may_wait=router.may_wait,
        on_connected=router.note_connected,
        on_disconnected=router.note_disconnected,
        on_error=services.client_errors.note,
    )
    try:
        addresses = _listen(server, options.listen, launcher)
        server.start()
        services.departures.watch(server.connected_instances)
        yield ListeningServer(server, (format_location(TCP, addresses),))
    finally:
        # close this while the loop, which reports the results, is still running
        _close(
            services.snapshots.shutdown, "the last workflow snapshots could not be written", run_log
        )
        server.close()


def _listen(server: Server, hosts: Sequence[str], launcher: AgentLauncher) -> Sequence[TcpAddress]:
    """Listen where the programs of a run need it; return the addresses, most likely first.

    Raises:
        ConfigurationError: If an address that the user gave cannot be listened on.
    """
    if ALL_ADDRESSES in hosts or (not hosts and launcher.capabilities.needs_network):
        return server.listen_everywhere(port=DEFAULT_PORT)
    wanted = [*dict.fromkeys([*hosts, network.LOOPBACK])]
    try:
        addresses = server.listen(wanted, port=_common_port(wanted))
    except OSError as error:
        msg = f"The manager cannot listen on {', '.join(wanted)}: {error.strerror or error}."
        raise ConfigurationError(msg) from None
    missing = set(wanted) - {address.host for address in addresses}
    if missing:
        msg = (
            f"The manager cannot listen on {', '.join(sorted(missing))} (--listen): is this an"
            " address of this machine, written in numbers? 'all' stands for all of them."
        )
        raise ConfigurationError(msg)
    return addresses


def _common_port(hosts: Sequence[str]) -> int | None:
    """Return the default port if it is free on all addresses; None if another one is needed."""
    try:
        for host in hosts:
            network.listen(host, DEFAULT_PORT).close()
    except OSError:
        return None
    return DEFAULT_PORT


def _open_launch(
    launcher: AgentLauncher,
    listening: ListeningServer,
    options: ManagerOptions,
    loop: EventLoop,
    run_log: RunLog,
) -> Iterator[AgentLaunch]:
    worker = ThreadWorker("conjoin-launch", scheduler=loop)
    try:
        yield AgentLaunch(launcher, worker, listening.locations, options.secret)
    finally:
        # wait for a launch in progress, or the launcher may not close the agents that it starts
        worker.close()
        _close(launcher.close, "the launcher of agents could not be closed", run_log)


def _close(close: Callable[[], None], message: str, run_log: RunLog) -> None:
    # if closing one resource fails, the others must still be closed
    try:
        close()
    except Exception as error:  # noqa: BLE001 - it may be an adapter of the user
        run_log.log.error(message, error=f"{type(error).__name__}: {error}")


class ManagerContainer(containers.DeclarativeContainer):
    """Opens the resources of one manager. See `opened_manager`."""

    options = providers.Dependency(instance_of=ManagerOptions)
    adapters = providers.Dependency(instance_of=Adapters)
    configuration = providers.Dependency(instance_of=Configuration)
    run_directory = providers.Dependency(instance_of=FilesystemRunDirectory)
    storage = providers.Dependency(instance_of=RunSnapshotStore)
    on_finished: providers.Dependency[OnFinished] = providers.Dependency()
    clock: providers.Dependency[Clock] = providers.Dependency()
    launcher: providers.Dependency[AgentLauncher] = providers.Dependency()

    run_log = providers.Resource(_open_run_log, adapters, run_directory, options)
    events = providers.Resource(_open_events, run_log)
    profiles = providers.Resource(_open_profiles, adapters, run_directory, configuration, run_log)
    loop = providers.Resource(_open_loop)
    probe = providers.Resource(_open_probe, loop)
    process_watch = providers.Resource(_open_process_watch, loop)
    processes = providers.Singleton(new_peer_processes, secret=options.provided.secret)
    workflow_snapshots = providers.Resource(
        _open_workflow_snapshots, run_directory, storage, clock, run_log
    )
    worker = providers.Resource(_open_worker, loop)
    services = providers.Resource(
        _open_services,
        options=options,
        adapters=adapters,
        configuration=configuration,
        launcher=launcher,
        run_directory=run_directory,
        storage=storage,
        clock=clock,
        run_log=run_log,
        events=events,
        profiles=profiles,
        loop=loop,
        probe=probe,
        processes=processes,
        process_watch=process_watch,
        workflow_snapshots=workflow_snapshots,
        worker=worker,
        on_finished=on_finished,
    )
    listening = providers.Resource(
        _open_server, options, configuration, launcher, loop, processes, services, run_log
    )
    launch = providers.Resource(_open_launch, launcher, listening, options, loop, run_log)


def opened_manager(
    *,
    options: ManagerOptions,
    adapters: Adapters,
    launcher: AgentLauncher,
    configuration: Configuration,
    run_directory: FilesystemRunDirectory,
    storage: RunSnapshotStore,
    on_finished: OnFinished,
) -> OpenedManager:
    """Open the resources of a manager, and start to serve.

    If a part cannot be opened, all others are closed before its error is raised.

    Args:
        options: Options of the manager.
        adapters: Adapters passed by the embedding program.
        launcher: Starts agents.
        configuration: The configuration to run.
        run_directory: Contains the files of the run.
        storage: Stores the snapshots of the instances.
        on_finished: Called once, on the services' thread, when the run is over.
    """
    container = ManagerContainer(
        options=providers.Object(options),
        adapters=providers.Object(adapters),
        configuration=providers.Object(configuration),
        run_directory=providers.Object(run_directory),
        storage=providers.Object(storage),
        on_finished=providers.Object(on_finished),
        clock=providers.Object(adapters.clock or SystemClock()),
        launcher=providers.Object(launcher),
    )

    def close() -> None:
        container.shutdown_resources()

    try:
        container.init_resources()
        return OpenedManager(
            services=container.services(),
            loop=container.loop(),
            launch=container.launch(),
            events=container.events(),
            profiles=container.profiles(),
            run_directory=run_directory,
            run_log=container.run_log(),
            close=close,
        )
    except BaseException:
        close()
        raise
