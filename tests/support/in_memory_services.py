"""The services of a manager, wired as in production, with adapters that work in memory."""

from adapters.in_memory.activity_meter import InMemoryActivityMeter
from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.event_sink import RecordingEventSink
from adapters.in_memory.instance_probe import InMemoryInstanceProbe
from adapters.in_memory.logbook import InMemoryLogbook
from adapters.in_memory.peer_processes import InMemoryPeerProcesses
from adapters.in_memory.process_watch import InMemoryProcessWatch
from adapters.in_memory.profile_store import InMemoryProfileStore
from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.run_script_writer import InMemoryRunScriptWriter
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.in_memory.worker import InlineWorker
from adapters.in_memory.workflow_snapshot_store import InMemoryWorkflowSnapshotStore
from application.interfaces.node_pool import AgentLaunch
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from application.nodes.agent_timeouts import AgentTimeouts
from domain.model.configuration import Configuration
from domain.running.events import RunFinished
from domain.version import VERSION
from entrypoints.containers.services import ManagerParts, build_services
from entrypoints.log_setup import make_log
from entrypoints.options import CheckpointOptions, ManagerOptions
from tests.support.models import nodes

NEVER = AgentTimeouts(silence=1e6, startup=1e6)
"""Long enough that the agent, which does not exist here, is not considered lost."""


class InMemoryServices:
    """The services of a manager as `build_services` wires them; tests can inspect each of them.

    Args:
        configuration: The configuration that is run.
        options: Options for checkpoints.
        snapshot_store: Path or URL of the snapshot store; empty for the run directory.
    """

    def __init__(
        self,
        configuration: Configuration,
        options: CheckpointOptions | None = None,
        *,
        snapshot_store: str = "",
    ) -> None:
        self.clock = ManualClock()
        self.logbook = InMemoryLogbook()
        self.profiles = InMemoryProfileStore()
        self.profiles.add_instances(list(configuration.model.instances()))
        self.run_directory = InMemoryRunDirectory()
        self.scripts = InMemoryRunScriptWriter()
        self.sink = RecordingEventSink()
        self.snapshots = InMemorySnapshotStore()
        self.workflow_snapshots = InMemoryWorkflowSnapshotStore(
            SnapshotCopier(lambda _: self.snapshots).ensure_stored
        )
        self.probe = InMemoryInstanceProbe(self.clock)
        self.launcher = InMemoryAgentLauncher(["n0"])
        self.worker = InlineWorker()
        self.processes = InMemoryPeerProcesses(uid=0)
        self.results: list[RunFinished] = []
        parts = ManagerParts(
            clock=self.clock,
            scheduler=self.clock,
            logbook=self.logbook,
            log=make_log(self.logbook, "INFO"),
            events=self.sink,
            profiles=self.profiles,
            run_directory=self.run_directory,
            scripts=self.scripts,
            workflow_snapshots=self.workflow_snapshots,
            probe=self.probe,
            worker=self.worker,
            processes=self.processes,
            process_watch=InMemoryProcessWatch(self.clock),
            activity=InMemoryActivityMeter(),
        )
        services = build_services(
            parts,
            configuration,
            ManagerOptions(checkpoints=options or CheckpointOptions(), timeouts=NEVER),
            snapshot_store=snapshot_store,
        )
        self.admission = services.admission
        self.agents = services.agents
        self.board = services.board
        self.checkpoints = services.checkpoints
        self.connections = services.connections
        self.control = services.control
        self.deadlocks = services.deadlocks
        self.desk = services.desk
        self.end = services.allocation_end
        self.peers = services.peers
        self.registry = services.registry
        self.run = services.run
        self.control.on_finished(self.results.append)

    def start_run(self, *, cores: int = 4) -> None:
        """Start all programs on node `n0`, whose agent reports immediately."""
        launch = AgentLaunch(self.launcher, self.worker, ("tcp:manager:9000",), "secret")
        self.run.start(launch, started=lambda: None, failed=_raise)
        self.agents.report_resources(nodes(cores).nodes[0], version=VERSION)


def _raise(error: Exception) -> None:
    raise error
