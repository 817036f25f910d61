"""A run, from the launch of its agents to the result."""

from pathlib import Path

import pytest

from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.event_sink import RecordingEventSink
from adapters.in_memory.logbook import InMemoryLogbook
from adapters.in_memory.node_pool import InMemoryNodePool
from adapters.in_memory.profile_store import InMemoryProfileStore
from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.run_script_writer import InMemoryRunScriptWriter
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.in_memory.worker import InlineWorker
from adapters.in_memory.workflow_snapshot_store import InMemoryWorkflowSnapshotStore
from application.interfaces.node_pool import AgentLaunch
from application.interfaces.run_script_writer import ScriptOrder
from application.manager.instance_directories import InstanceDirectories
from application.manager.program_starter import ProgramStarter
from application.manager.run_actions import RunActions
from application.manager.run_control import RunControl
from application.manager.run_service import BATCH, IN_VAIN, RunService
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from application.manager.snapshots.snapshot_registry import SnapshotRegistry
from application.manager.status_board import StatusBoard
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.errors import ConfigurationError, RunError
from domain.identity import Reference
from domain.model.configuration import Configuration
from domain.model.topology import Topology
from domain.placement.resources import Resources
from domain.running.events import InstanceStarted, InstanceState, RunFinished
from domain.running.launcher_capabilities import LauncherCapabilities
from domain.running.process_end import SUCCESS, Exited
from domain.running.run_state.run_state import RunState
from entrypoints.log_setup import make_log
from tests.support.models import configuration, nodes


class Bench:
    """A run service on nodes in memory, whose worker can be made to wait."""

    def __init__(
        self,
        made: Configuration,
        available: Resources,
        *,
        capabilities: LauncherCapabilities | None = None,
        oversubscribe: bool | None = None,
    ) -> None:
        model = made.model
        self.clock = ManualClock()
        self.pool = InMemoryNodePool(available.nodes, scheduler=self.clock)
        self.worker = InlineWorker()
        self.scripts = InMemoryRunScriptWriter()
        self.profiles = InMemoryProfileStore()
        self.profiles.add_instances(list(model.instances()))
        self.logbook = InMemoryLogbook()
        self.sink = RecordingEventSink()
        self.profile_warnings: tuple[str, ...] = ()
        self.board = StatusBoard(model, clock=self.clock, events=self.sink)
        self.directory = InMemoryRunDirectory()
        log = make_log(self.logbook, "INFO")
        actions = RunActions(
            board=self.board,
            agents=self.pool,
            run_directory=self.directory,
            look_for=lambda _name, _found: None,
            ask_to_save=lambda _reason: None,
            worker=self.worker,
            scheduler=self.clock,
            log=log,
            warn=log.warning,
        )
        state = RunState(map(str, model.instances()), reconnect_time=30.0, save_time=None)
        self.control = RunControl(state, actions=actions)
        store = InMemorySnapshotStore()
        self.snapshots = SnapshotRegistry(
            made,
            InMemoryWorkflowSnapshotStore(SnapshotCopier(lambda _: store).ensure_stored),
            Topology(model),
        )
        self.run = RunService(
            made,
            pool=self.pool,
            starter=ProgramStarter(
                made, pool=self.pool, run_directory=self.directory, scripts=self.scripts
            ),
            control=self.control,
            board=self.board,
            profiles=self.profiles,
            profile_warnings=lambda: self.profile_warnings,
            snapshots=self.snapshots,
            directories=InstanceDirectories(self.directory, worker=self.worker),
            worker=self.worker,
            scheduler=self.clock,
            log=log,
            oversubscribe=oversubscribe,
        )
        self.pool.on_resources(self.run.note_resources)
        self.pool.on_finished(self.control.note_exit)
        self.control.on_finished(self.run.note_result)
        self.results: list[RunFinished] = []
        self.run.on_finished(self.results.append)
        self.started: list[bool] = []
        self.errors: list[Exception] = []
        self._launcher = InMemoryAgentLauncher(capabilities=capabilities)

    def start(self) -> None:
        launch = AgentLaunch(self._launcher, self.worker, ("tcp:here:1", "tcp:there:1"), "secret")
        self.run.start(launch, started=lambda: self.started.append(True), failed=self.errors.append)
        self.clock.advance()

    def end(self, name: str) -> None:
        """Let an instance register, deregister and exit with success."""
        self.control.note_registered(name, is_own=True)
        self.control.note_deregistered(name)
        self.pool.end(name, SUCCESS)
        self.clock.advance()

    def log(self) -> str:
        return "\n".join(record.text for record in self.logbook.records)


@pytest.fixture
def bench() -> Bench:
    return Bench(configuration("a\nb"), nodes(1, 1))


def test_all_programs_are_started_where_they_are_placed(bench: Bench) -> None:
    bench.start()
    assert bench.pool.nodes_of == {"a": "n0", "b": "n1"}
    assert bench.started == [True]
    assert [event for event in bench.sink.events if isinstance(event, InstanceStarted)] == [
        InstanceStarted("a", "n0"),
        InstanceStarted("b", "n1"),
    ]
    assert bench.board["a"].state is InstanceState.STARTED
    assert bench.control.by_hand == set()


def test_files_are_sent_to_nodes_that_do_not_share_them() -> None:
    bench = Bench(
        configuration("a"), nodes(1), capabilities=LauncherCapabilities(shares_files=False)
    )
    files = {Path("/in_memory/run/instances/a/run_script.sh"): b"exec a"}
    bench.directory.files[Reference("a")] = files
    bench.start()
    assert bench.pool.running["a"].files == files


def test_files_are_not_sent_to_nodes_that_share_them(bench: Bench) -> None:
    bench.start()
    assert bench.pool.running["a"].files is None


def test_placement_of_instances_is_logged_for_each_node(bench: Bench) -> None:
    bench.start()
    assert "instances are placed node='n0' count=1 instances='a'" in bench.log()
    assert "instances are placed node='n1' count=1 instances='b'" in bench.log()


def test_status_has_the_node_of_a_started_program(bench: Bench) -> None:
    bench.start()
    assert [status.node for status in bench.board.all()] == ["n0", "n1"]


def test_manually_started_instances_are_not_started() -> None:
    bench = Bench(configuration("a\nb", manual=("b",)), nodes(1))
    bench.start()
    assert set(bench.pool.running) == {"a"}
    assert bench.control.by_hand == {"b"}


def test_assigned_cores_are_recorded_in_the_profile(bench: Bench) -> None:
    bench.start()
    assert set(bench.profiles.assigned) == {Reference("a"), Reference("b")}


def test_secret_is_in_the_environment_and_in_no_script(bench: Bench) -> None:
    bench.start()
    expected = {"CONJOIN_SECRET": "secret", "CONJOIN_STARTED_FOR": "a"}
    assert bench.pool.running["a"].env == expected
    assert all("secret" not in str(script) for script in bench.scripts.scripts.values())


@pytest.mark.parametrize("binds", [True, False])
def test_launcher_decides_whether_programs_are_bound_to_cores(binds: bool) -> None:
    capabilities = LauncherCapabilities(binds_cores=binds)
    bench = Bench(configuration("a"), nodes(1), capabilities=capabilities)
    bench.start()
    (script,) = bench.scripts.scripts.values()
    assert script.capabilities.binds_cores is binds


def test_programs_reach_the_manager_at_the_location_for_their_node() -> None:
    capabilities = LauncherCapabilities(manager_locations={"n1": "tcp:localhost:4711"})
    bench = Bench(configuration("a\nb"), nodes(1, 1), capabilities=capabilities)
    bench.start()
    locations = [script.environment["MUSCLE_MANAGER"] for script in bench.scripts.scripts.values()]
    assert locations == ["tcp:here:1", "tcp:localhost:4711"]


def test_too_few_cores_fail_the_start_before_anything_is_written() -> None:
    bench = Bench(configuration("a\nb"), nodes(1))
    bench.start()
    (error,) = bench.errors
    assert isinstance(error, ConfigurationError)
    assert "too few cores" in str(error)
    assert bench.scripts.scripts == {}
    assert bench.started == []


def test_cores_are_shared_if_the_launcher_allows_it() -> None:
    capabilities = LauncherCapabilities(may_oversubscribe=True)
    bench = Bench(configuration("a\nb"), nodes(1), capabilities=capabilities)
    bench.start()
    assert bench.pool.nodes_of == {"a": "n0", "b": "n0"}
    assert "too few cores" in bench.log()


@pytest.mark.parametrize("default", [True, False])
def test_user_decides_whether_cores_are_shared(default: bool) -> None:
    capabilities = LauncherCapabilities(may_oversubscribe=default)
    bench = Bench(
        configuration("a\nb"), nodes(1), capabilities=capabilities, oversubscribe=not default
    )
    bench.start()
    assert len(bench.errors) == default
    assert len(bench.pool.nodes_of) == (0 if default else 2)


def test_start_without_any_node_fails() -> None:
    bench = Bench(configuration("a"), Resources(()))
    bench.start()
    (error,) = bench.errors
    assert isinstance(error, RunError)
    assert "No node agent could be started" in str(error)


def test_node_lost_before_the_start_fails_it_with_its_name(bench: Bench) -> None:
    bench.run.note_node_lost("n7", "its agent exited")
    bench.start()
    (error,) = bench.errors
    assert str(error) == "Not all node agents could be started.\nNode 'n7': its agent exited"
    assert bench.pool.running == {}


def test_script_that_cannot_be_written_fails_the_start_before_any_program_is_started(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, order: ScriptOrder) -> Path:
        if order.directory.name == "b":
            msg = "the disk is full"
            raise ConfigurationError(msg)
        return order.directory / "script"

    monkeypatch.setattr(InMemoryRunScriptWriter, "write", fail)
    bench.start()
    assert [str(error) for error in bench.errors] == ["the disk is full"]
    assert bench.pool.running == {}


def test_programs_are_started_in_batches() -> None:
    count = 2 * BATCH + 1
    bench = Bench(configuration("a", sizes={"a": (count,)}), nodes(count))
    bench.worker.is_busy = True
    bench.start()
    bench.worker.work_off()
    assert len(bench.pool.running) == BATCH
    assert bench.started == []
    bench.clock.advance()
    assert len(bench.pool.running) == count
    assert bench.started == [True]


def test_run_that_is_stopped_while_scripts_are_written_starts_nothing(bench: Bench) -> None:
    bench.worker.is_busy = True
    bench.start()
    bench.control.stop("enough")
    bench.worker.work_off()
    assert bench.pool.running == {}
    assert bench.started == [True]
    (result,) = bench.results
    assert result.cause == "enough"


def test_run_that_is_stopped_before_its_start_starts_nothing(bench: Bench) -> None:
    bench.control.stop("enough")
    bench.start()
    assert bench.pool.running == {}
    assert bench.started == [True]
    (result,) = bench.results
    assert result.cause == "enough"


def test_run_that_fails_between_two_batches_starts_no_more() -> None:
    bench = Bench(configuration("a", sizes={"a": (BATCH + 1,)}), nodes(BATCH + 1))
    bench.worker.is_busy = True
    bench.start()
    bench.worker.work_off()
    bench.worker.is_busy = False
    bench.pool.end("a[0]", Exited(3))
    bench.worker.work_off()
    bench.clock.advance()
    assert bench.pool.running == {}
    assert bench.board[f"a[{BATCH}]"].state is InstanceState.WAITING_TO_START
    assert bench.started == [True]
    assert bench.results[0].failed_instances == ("a[0]",)


def test_result_is_reported_after_the_agents_are_shut_down(bench: Bench) -> None:
    bench.start()
    seen: list[bool] = []
    bench.run.on_finished(lambda _: seen.append(bench.pool.is_shut_down))
    bench.end("a")
    assert bench.results == []
    bench.end("b")
    assert bench.results == [RunFinished(succeeded=True)]
    assert bench.sink.events[-1] == RunFinished(succeeded=True)
    assert seen == [True]
    assert "The simulation finished without error" in bench.log()


def test_failure_is_logged_with_the_directory_of_the_output(bench: Bench) -> None:
    bench.start()
    bench.pool.end("a", Exited(3))
    bench.clock.advance()
    assert not bench.results[0].succeeded
    assert "the simulation failed: Instance 'a' failed" in bench.log()
    assert f"Its output is in {bench.directory.instance_path(Reference('a'))}" in bench.log()


def test_snapshots_that_do_not_fit_together_are_a_warning() -> None:
    bench = Bench(configuration("a o_i -> b f_init"), nodes(1, 1))
    bench.start()
    metadata = SnapshotMetadata(("t",), 0.0, 0.0, None, {"o_i": (1,)}, True, "x")
    bench.snapshots.register_snapshot(Reference("a"), metadata)
    bench.end("a")
    bench.end("b")
    assert bench.results == [RunFinished(succeeded=True, warnings=(IN_VAIN,))]
    assert IN_VAIN in bench.log()


def test_incomplete_profile_is_a_warning_of_every_run(bench):
    bench.profile_warnings = ("The profile is incomplete.",)
    result = RunFinished(succeeded=False, cause="it failed")
    bench.run.note_result(result)
    bench.clock.advance()
    assert bench.results[0].warnings == bench.profile_warnings
    assert bench.profile_warnings[0] in bench.log()
