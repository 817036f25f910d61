"""A manager's desk with everything in memory behind it."""

import structlog
from structlog.typing import FilteringBoundLogger

from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.event_sink import RecordingEventSink
from adapters.in_memory.instance_probe import InMemoryInstanceProbe
from adapters.in_memory.logbook import InMemoryLogbook
from adapters.in_memory.profile_store import InMemoryProfileStore
from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.run_script_writer import InMemoryRunScriptWriter
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.in_memory.workflow_snapshot_store import InMemoryWorkflowSnapshotStore
from application.manager.agent_management import AgentManager
from application.manager.allocation_end import AllocationEnd
from application.manager.connection_watch import ConnectionWatch
from application.manager.deadlock_watch import DeadlockWatch
from application.manager.desk import ServicesDesk
from application.manager.peer_lookup import PeerLookup
from application.manager.program_starter import ProgramStarter
from application.manager.registration import InstanceRegistry
from application.manager.run_control import RunControl
from application.manager.snapshots.run_checkpoints import CheckpointOptions, RunCheckpoints
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from application.manager.snapshots.snapshot_registry import SnapshotRegistry
from application.manager.status_board import StatusBoard
from application.manager.trouble_report import TroubleReport
from domain.model.configuration import Configuration
from domain.model.topology import Topology
from domain.running.events import RunFinished
from entrypoints.log_setup import make_log


class InMemoryDesk:
    """The manager's services, wired up; each can be looked at.

    Args:
        configuration: What is run.
        options: What is wished about checkpoints.
        snapshot_place: Where snapshots go, if not into the run directory.
    """

    def __init__(
        self,
        configuration: Configuration,
        options: CheckpointOptions | None = None,
        *,
        snapshot_place: str = "",
    ) -> None:
        options = options or CheckpointOptions()
        model = configuration.model
        self.clock = ManualClock()
        self.logbook = InMemoryLogbook()
        self.profiles = InMemoryProfileStore()
        self.profiles.add_instances(list(model.instances()))
        self.run_directory = InMemoryRunDirectory()
        self.scripts = InMemoryRunScriptWriter()
        self.launcher = InMemoryAgentLauncher()
        self.sink = RecordingEventSink()
        self.snapshots = InMemorySnapshotStore()
        self.workflow_snapshots = InMemoryWorkflowSnapshotStore(
            SnapshotCopier(lambda _: self.snapshots).ensure_stored
        )
        self.results: list[RunFinished] = []
        self.board = StatusBoard(model, clock=self.clock, events=self.sink)
        self.checkpoints = RunCheckpoints(configuration.checkpoints, options, clock=self.clock)
        self.registry = InstanceRegistry(configuration, checkpoints=self.checkpoints)
        log = silent_log()
        self.agents = AgentManager(
            None,
            scheduler=self.clock,
            clock=self.clock,
            launcher=self.launcher,
            log=log,
            on_finished=lambda *end: self.control.note_exit(*end),
        )
        self.control = RunControl(
            model,
            board=self.board,
            starter=ProgramStarter(
                configuration,
                agents=self.agents,
                run_directory=self.run_directory,
                scripts=self.scripts,
            ),
            agents=self.agents,
            run_directory=self.run_directory,
            scheduler=self.clock,
            log=log,
            on_finished=self.results.append,
        )
        self.probe = InMemoryInstanceProbe(self.clock)
        self.connections = ConnectionWatch(
            control=self.control,
            registry=self.registry,
            probe=self.probe,
            board=self.board,
            scheduler=self.clock,
            log=make_log(self.logbook, "INFO"),
            warn=TroubleReport(board=self.board, logbook=self.logbook, clock=self.clock).note,
            patience=30.0,
        )
        self.deadlocks = DeadlockWatch(on_deadlock=self.control.note_deadlock)
        self.peers = PeerLookup(model, registry=self.registry)
        self.end = AllocationEnd(
            options,
            checkpoints=self.checkpoints,
            registry=self.registry,
            control=self.control,
            board=self.board,
            scheduler=self.clock,
            clock=self.clock,
            log=log,
        )
        self.desk = ServicesDesk(
            configuration,
            registry=self.registry,
            peers=self.peers,
            deadlocks=self.deadlocks,
            control=self.control,
            connections=self.connections,
            board=self.board,
            logbook=self.logbook,
            profiles=self.profiles,
            snapshots=SnapshotRegistry(configuration, self.workflow_snapshots, Topology(model)),
            checkpoints=self.checkpoints,
            run_directory=self.run_directory,
            snapshot_place=snapshot_place,
        )


def silent_log() -> FilteringBoundLogger:
    """Return a log that keeps nothing."""
    log: FilteringBoundLogger = structlog.wrap_logger(structlog.PrintLogger(), processors=[_drop])
    return log


def _drop(*_: object) -> object:
    raise structlog.DropEvent
