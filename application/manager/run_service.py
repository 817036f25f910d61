"""Runs a simulation: from the launch of the agents to the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, final

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Scheduler
from application.interfaces.node_pool import AgentLaunch, NodePool, Placement
from application.interfaces.profile_store import ProfileStore
from application.interfaces.worker import Worker
from application.manager.instance_directories import InstanceDirectories
from application.manager.program_starter import PreparedProgram, ProgramStarter
from application.manager.run_control import RunControl
from application.manager.snapshots.snapshot_registry import SnapshotRegistry
from application.manager.status_board import StatusBoard
from domain.errors import ConfigurationError, InsufficientResources, RunError
from domain.identity import Reference
from domain.model.configuration import Configuration
from domain.placement.resources import Resources
from domain.running import log_sentences
from domain.running.events import RunFinished
from domain.running.launcher_capabilities import LauncherCapabilities
from domain.wording import shortened

BATCH: Final = 20
"""Number of programs to start in one scheduled call."""

MAX_LISTED: Final = 400
"""Number of characters of a list of instances in the log."""

NO_AGENT: Final = "No node agent could be started; see the log of the run for the reason."

IN_VAIN: Final = (
    "Instances made snapshots, but no set of them fits together, so there is nothing to resume"
    " from. If some instances end before others, set 'at_end: true' under 'checkpoints:'."
)


@dataclass(frozen=True, slots=True)
class _Start:
    """A start that is in progress.

    Attributes:
        launch: Describes how to start agents.
        started: Called when it is complete.
        failed: Called instead with an error.
    """

    launch: AgentLaunch
    started: Callable[[], None]
    failed: Callable[[Exception], None]


@final
class RunService:
    """Runs one simulation.

    `start` launches the agents, waits until they report their resources, places the instances,
    and prepares and starts their programs. RunControl supervises the run and decides on its
    result; the agents are shut down before the result is reported.

    Args:
        configuration: The configuration of the run.
        pool: Runs processes on nodes.
        starter: Prepares and starts programs.
        control: Supervises the run.
        board: The status of each instance.
        profiles: Records the cores assigned to instances.
        profile_warnings: Returns warnings about events that are missing in the profile.
        snapshots: Tracks which snapshots belong together.
        directories: Notified of the directories that the starter has created.
        worker: Runs slow functions.
        scheduler: Schedules callbacks.
        log: The manager's log.
        await_departures: Calls back once the programs of all deregistered instances have left.
        oversubscribe: Whether instances that run at the same time may share cores if there are
            too few; None if the launcher decides.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        pool: NodePool,
        starter: ProgramStarter,
        control: RunControl,
        board: StatusBoard,
        profiles: ProfileStore,
        profile_warnings: Callable[[], tuple[str, ...]],
        snapshots: SnapshotRegistry,
        directories: InstanceDirectories,
        worker: Worker,
        scheduler: Scheduler,
        log: FilteringBoundLogger,
        await_departures: Callable[[Callable[[], None]], None] = lambda done: done(),
        oversubscribe: bool | None = None,
    ) -> None:
        self._configuration = configuration
        self._pool = pool
        self._starter = starter
        self._control = control
        self._board = board
        self._profiles = profiles
        self._profile_warnings = profile_warnings
        self._snapshots = snapshots
        self._directories = directories
        self._worker = worker
        self._scheduler = scheduler
        self._log = log
        self._await_departures = await_departures
        self._oversubscribe = oversubscribe
        self._start: _Start | None = None
        self._lost_nodes: dict[str, str] = {}
        self._listeners: list[Callable[[RunFinished], object]] = []

    def on_finished(self, listener: Callable[[RunFinished], object]) -> None:
        """Call back once when the run is over and its agents have been shut down."""
        self._listeners.append(listener)

    def start(
        self,
        launch: AgentLaunch,
        *,
        started: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Start all programs, except those that are started by hand. Call only once.

        Args:
            launch: Describes how to start agents.
            started: Called when all programs have been started, or the run has ended early.
            failed: Called instead if they cannot be started: with a ConfigurationError if the
                model does not fit on the nodes or a file cannot be written, with a RunError if an
                agent could not be started, or with the launcher's exception.
        """
        self._start = _Start(launch, started, failed)
        if self._has_ended_early():
            return
        self._pool.launch(launch, failed=self._fail)

    def note_node_lost(self, node: str, reason: str) -> None:
        """Record that a node was lost. Programs are not started if that happens before."""
        self._lost_nodes[node] = reason

    def note_resources(self, available: Resources) -> None:
        """Place the instances on the available nodes, then prepare and start their programs."""
        start = self._start
        if start is None or self._has_ended_early():
            return
        if self._lost_nodes or not available.nodes:
            self._fail(RunError(self._describe_lost_nodes(available)))
            return
        self._worker.run(
            lambda: self._place(available, start.launch.launcher.capabilities),
            done=partial(self._prepare, start),
            failed=self._fail,
        )

    def note_result(self, result: RunFinished) -> None:
        """Report how the run ended, once its programs have left and its agents are shut down."""
        warnings = [*self._profile_warnings()]
        if self._snapshots.is_in_vain and (result.succeeded or result.was_interrupted):
            warnings.append(IN_VAIN)
        for warning in warnings:
            self._log.warning(warning)
        if warnings:
            result = replace(result, warnings=(*result.warnings, *warnings))
        if result.succeeded:
            self._log.info(log_sentences.FINISHED)
        elif result.was_interrupted:
            self._log.warning(result.cause)
        else:
            self._log.error(f"the simulation failed: {_with_output_directory(result)}")
        shut_down = partial(self._pool.shutdown, on_done=partial(self._report, result))
        if result.was_interrupted:
            shut_down()
        else:
            self._await_departures(shut_down)

    def _describe_lost_nodes(self, available: Resources) -> str:
        if not self._lost_nodes:
            return NO_AGENT
        what = "Not all node agents" if available.nodes else "No node agent"
        reasons = [f"Node '{node}': {reason}" for node, reason in self._lost_nodes.items()]
        return "\n".join([f"{what} could be started.", *reasons])

    def _place(self, available: Resources, capabilities: LauncherCapabilities) -> Placement:
        try:
            placement = self._pool.place(
                self._configuration,
                available,
                oversubscribe=capabilities.oversubscribes(self._oversubscribe),
            )
        except InsufficientResources as error:
            raise ConfigurationError(str(error)) from error
        self._profiles.add_resources(placement.resources)
        return placement

    def _prepare(self, start: _Start, placement: Placement) -> None:
        for warning in placement.warnings:
            self._log.warning(warning)
        self._log_nodes(placement)
        if self._has_ended_early():
            return
        # prepare all programs first, so that a failed write is detected before any program runs
        self._worker.run(
            lambda: self._prepare_all(placement, start.launch),
            done=partial(self._start_programs, start),
            failed=self._fail,
        )

    def _log_nodes(self, placement: Placement) -> None:
        by_node: dict[str, list[str]] = {}
        for instance, resources in placement.resources.items():
            self._log.info(log_sentences.planned(instance, resources))
            for node in resources:
                by_node.setdefault(node.node, []).append(str(instance))
        for name, instances in by_node.items():
            self._log.info(
                "instances are placed",
                node=name,
                count=len(instances),
                instances=shortened(", ".join(instances), MAX_LISTED),
            )

    def _prepare_all(self, placement: Placement, launch: AgentLaunch) -> list[PreparedProgram]:
        return self._starter.prepare(
            placement.resources,
            capabilities=launch.launcher.capabilities,
            listens_at=launch.manager_locations[0],
        )

    def _start_programs(self, start: _Start, programs: Sequence[PreparedProgram]) -> None:
        """Start programs in batches, so that other callbacks are not delayed for long."""
        if self._has_ended_early():
            return
        try:
            self._control.note_assigned(program.instance for program in programs[:BATCH])
            for program in programs[:BATCH]:
                self._log.info(log_sentences.instantiating(program.instance))
                self._starter.start(program, secret=start.launch.secret)
                self._control.note_started(program.instance, program.node)
                self._directories.note_created(Reference(program.instance))
        except ValueError as error:
            self._fail(error)
            return
        if len(programs) > BATCH:
            rest = programs[BATCH:]
            self._scheduler.call_soon(partial(self._start_programs, start, rest))
        else:
            self._end_start()

    def _has_ended_early(self) -> bool:
        """Whether the run ended or is being stopped before all programs were started."""
        if self._control.is_ending:
            self._end_start()
        return self._control.is_ending

    def _end_start(self) -> None:
        start, self._start = self._start, None
        if start is not None:
            start.started()

    def _fail(self, error: Exception) -> None:
        start, self._start = self._start, None
        if start is not None:
            start.failed(error)

    def _report(self, result: RunFinished) -> None:
        timed = self._board.timed(result)
        for listener in self._listeners:
            listener(timed)
        self._board.publish(timed)
        self._end_start()


def _with_output_directory(result: RunFinished) -> str:
    if not result.output_directory:
        return result.cause
    return f"{result.cause}\nIts output is in {result.output_directory}"
