"""What a manager is made of.

One container per manager; nothing here is global. A Resource is opened before it is used, and
closed by `shutdown_resources`, whatever depends on it first.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dependency_injector import containers, providers
from structlog.typing import FilteringBoundLogger

from adapters.callbacks.event_dispatcher import CallbackEventSink
from adapters.filesystem.logbook import FilesystemLogbook
from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.local_agents.launcher import LocalAgentLauncher
from adapters.run_scripts.writer import ShellRunScriptWriter
from adapters.sqlite.profile_store import SqliteProfileStore
from adapters.system.clock import SystemClock
from adapters.tcp import network
from adapters.tcp.request_router import RequestRouter
from adapters.tcp.server import DEFAULT_PORT, Server
from adapters.wire.locations import TCP, format_location
from application.interfaces.agents import AgentLauncher
from application.interfaces.logbook import Logbook
from application.interfaces.profile_store import ProfileStore
from application.manager.agent_management import AgentManager, OnResources
from application.manager.deadlock_watch import DeadlockWatch
from application.manager.desk import ServicesDesk
from application.manager.peer_lookup import PeerLookup
from application.manager.registration import InstanceRegistry
from application.manager.run_control import RunControl
from application.manager.status_board import StatusBoard
from domain.configuration import Configuration
from domain.events import RunFinished
from entrypoints.log_setup import make_log

MAX_REQUEST = 2**28

OnFinished: TypeAlias = Callable[[RunFinished], None]


@dataclass(frozen=True)
class ManagerOptions:
    """How a manager is to work.

    Attributes:
        log_level: Least level of the manager's own log lines.
        listens_locally: Whether all components are started on this machine.
        require_secret: Whether to refuse clients that do not know the run's secret.
        secret: The run's secret.
    """

    log_level: str = "INFO"
    listens_locally: bool = False
    require_secret: bool = False
    secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)


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

    def note_exit(self, name: str, exit_code: int, reason: str | None) -> None:
        """Pass it on."""
        assert self.target is not None
        self.target.note_exit(name, exit_code, reason)

    def note_node_lost(self, node: str, reason: str) -> None:
        """Pass it on."""
        assert self.target is not None
        self.target.note_node_lost(node, reason)


def _open_logbook(run_directory: FilesystemRunDirectory) -> Iterator[Logbook]:
    logbook = FilesystemLogbook(run_directory.log_file)
    yield logbook
    logbook.close()


def _open_events(log: FilteringBoundLogger) -> Iterator[CallbackEventSink]:
    events = CallbackEventSink(on_complaint=log.error)
    yield events
    events.close()


def _open_profiles(
    run_directory: FilesystemRunDirectory, configuration: Configuration, log: FilteringBoundLogger
) -> Iterator[ProfileStore]:
    store = SqliteProfileStore(run_directory.profile_file)
    store.add_instances(list(configuration.model.instances()))
    yield store
    try:
        store.close()
    except OSError as error:
        log.error("the profile could not be stored completely", error=str(error))


def _open_server(
    router: RequestRouter, options: ManagerOptions, log: FilteringBoundLogger
) -> Iterator[ListeningServer]:
    server = Server(
        router.handle,
        name="conjoin-manager",
        max_request=MAX_REQUEST,
        secret=options.secret,
        require_secret=options.require_secret,
        on_trouble=log.warning,
    )
    if options.listens_locally:
        addresses = server.listen([network.LOOPBACK], port=DEFAULT_PORT)
    else:
        addresses = server.listen_everywhere(port=DEFAULT_PORT)
    yield ListeningServer(server, [format_location(TCP, addresses)])
    server.close()


def _open_launcher(launcher: AgentLauncher, _listening: ListeningServer) -> Iterator[AgentLauncher]:
    # depends on the server so that it is closed first: agents say goodbye through the server
    yield launcher
    launcher.close()


class ManagerContainer(containers.DeclarativeContainer):
    """Makes one manager. See `entrypoints.manager.Manager` for how it is used."""

    options = providers.Dependency(instance_of=ManagerOptions)
    configuration = providers.Dependency(instance_of=Configuration)
    run_directory: providers.Dependency[FilesystemRunDirectory] = providers.Dependency()
    on_finished: providers.Dependency[OnFinished] = providers.Dependency()
    on_resources: providers.Dependency[OnResources] = providers.Dependency()

    clock = providers.Singleton(SystemClock)
    logbook = providers.Resource(_open_logbook, run_directory)
    log = providers.Singleton(make_log, logbook, options.provided.log_level)
    events = providers.Resource(_open_events, log)
    profiles = providers.Resource(_open_profiles, run_directory, configuration, log)
    router = providers.Singleton(RequestRouter)
    listening = providers.Resource(_open_server, router, options, log)
    new_launcher = providers.Singleton(LocalAgentLauncher)
    launcher = providers.Resource(_open_launcher, new_launcher, listening)
    scripts = providers.Singleton(ShellRunScriptWriter)
    relay = providers.Singleton(Relay)

    agents = providers.Singleton(
        AgentManager,
        run_directory.provided.log_directory.call(),
        scheduler=listening.provided.server,
        clock=clock,
        launcher=launcher,
        log=log,
        on_finished=relay.provided.note_exit,
        on_resources=on_resources,
        on_node_lost=relay.provided.note_node_lost,
    )
    board = providers.Singleton(
        StatusBoard,
        configuration.provided.model,
        clock=clock,
        events=events,
    )
    registry = providers.Singleton(InstanceRegistry, configuration.provided.model)
    peers = providers.Singleton(PeerLookup, configuration.provided.model, registry=registry)
    control = providers.Singleton(
        RunControl,
        configuration,
        board=board,
        registry=registry,
        agents=agents,
        run_directory=run_directory,
        scripts=scripts,
        scheduler=listening.provided.server,
        log=log,
        on_finished=on_finished,
    )
    deadlocks = providers.Singleton(DeadlockWatch, on_deadlock=control.provided.note_deadlock)
    desk = providers.Singleton(
        ServicesDesk,
        configuration,
        registry=registry,
        peers=peers,
        deadlocks=deadlocks,
        control=control,
        board=board,
        logbook=logbook,
        profiles=profiles,
        run_directory=run_directory,
        clock=clock,
    )
