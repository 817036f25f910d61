"""Running a coupled simulation from a program: what `entrypoints.manager` offers.

It is not there itself, because that module, run by `python -m`, needs the command line, which needs
this.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final

from typing_extensions import Self

from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.processes.node_inspector import LinuxNodeInspector
from adapters.ymmsl_files.presence import missing_programs
from adapters.ymmsl_files.source import YmmslConfigurationSource
from application.interfaces.logbook import EventSink, Logbook
from application.manager.resume_choice import Choice
from domain.checkpoints import Checkpoints
from domain.configuration import Configuration
from domain.errors import ConfigurationError, InsufficientResources, RunError, UsageError
from domain.events import InstanceStatus, RunEvent, RunFinished
from domain.planning import Plan, Planner
from domain.resources import Resources
from entrypoints.containers.manager import (
    ManagerContainer,
    ManagerOptions,
    check_options,
    opened_container,
)
from entrypoints.handed_in import Adapters
from entrypoints.outcome import Outcome
from entrypoints.snapshot_places import SnapshotPlaces, place_of
from entrypoints.snapshot_wiring import (
    check_relative_resume,
    check_resume,
    chosen_snapshot,
    newest_in_run,
)

STARTUP_MARGIN: Final = 5.0
SHUTDOWN_MARGIN: Final = 10.0
IN_VAIN: Final = (
    "Instances made snapshots, but no set of them fits together, so there is nothing to resume"
    " from. If some come to their end before others, 'at_end: true' under 'checkpoints:' helps."
)
UNUSED_RESUME: Final = (
    "The files say in 'resume:' what to resume from, but that is not used: --resume goes first."
)
CLOSED_EARLY: Final = "The manager was closed before the run was over."


class Manager:
    """Runs one simulation. To be used as a context manager, once.

    It installs no signal handlers, changes no global logging and reads no command line, and several
    can live in one process. All methods may be called from any thread.

    Args:
        sources: yMMSL files (paths), texts of such files (with at least one line break), or
            configurations of the ymmsl library; merged in order. A single one needs no list. Or a
            flat `domain.configuration.Configuration`, by itself.
        model: Name of the model to run, where there are several.
        run_dir: An existing directory for the files of the run; None for a new one,
            `run_<model>_<date>_<time>`, in the current directory.
        resume: What to resume from, in place of what the sources say: a workflow snapshot (a
            path), the run directory of an earlier run, for the newest one in it that is sound, or
            `latest`, for the newest of all runs of this model in the current directory, and
            beside `run_dir`.
        checkpoints: When to make snapshots, in addition to what the sources say.
        snapshot_store: Where to keep the snapshots of the instances, if not in the run directory:
            another directory, or a URL that fsspec knows, such as `s3://bucket/prefix`.
        options: How to work.
        adapters: Other adapters to use than the manager's own.

    Raises:
        ConfigurationError: If the configuration cannot be run; the text says why.
        InconsistentSnapshot: If it cannot be resumed from those snapshots; the text says why.
        UsageError: If the arguments are none of the above.

    Example:
        ::

            with Manager(["model.ymmsl", "settings.ymmsl"]) as manager:
                manager.start_all()
                result = manager.wait()
    """

    def __init__(
        self,
        sources: object,
        *,
        model: str | None = None,
        run_dir: str | Path | None = None,
        resume: str | Path | None = None,
        checkpoints: Checkpoints | None = None,
        snapshot_store: str | Path | None = None,
        options: ManagerOptions | None = None,
        adapters: Adapters | None = None,
    ) -> None:
        self._options = options or ManagerOptions()
        self._source = YmmslConfigurationSource(programs_required=self._options.programs_required)
        self._run_dir = None if run_dir is None else Path(run_dir)
        self._adapters = _checked(adapters)
        self._places = _places(snapshot_store, self._adapters)
        self._choice: Choice | None = None
        self._has_unused_resume = False
        self._configuration = self._resumed(self._load(sources, model), resume)
        if checkpoints:
            self._configuration = _with_checkpoints(self._configuration, checkpoints)
        self._outcome = Outcome()
        self._starting = threading.Condition()
        self._has_been_started = False
        self._available: Resources | None = None
        self._container: ManagerContainer | None = None
        self._logbook: Logbook | None = None
        self._is_open = False
        self._closing = threading.Lock()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def configuration(self) -> Configuration:
        """The flat configuration that is run."""
        return self._configuration

    @property
    def warnings(self) -> Sequence[str]:
        """What is strange about the configuration, without being wrong."""
        passed_over = self._choice.warnings() if self._choice else []
        unused = [UNUSED_RESUME] if self._choice and self._has_unused_resume else []
        return [*self._source.warnings, *passed_over, *unused]

    @property
    def resumed_from(self) -> str | None:
        """The workflow snapshot that `resume` stands for; None if that was not given."""
        return self._choice.snapshot.location if self._choice else None

    @property
    def run_directory(self) -> Path:
        """Where the files of the run are."""
        return Path(self._made.run_directory().path)

    @property
    def location(self) -> str:
        """Where instances can reach the manager, for MUSCLE_MANAGER."""
        return str(self._opened.listening().locations[0])

    @property
    def secret(self) -> str:
        """Secret of this run, by which our own programs know each other."""
        return self._options.secret

    @property
    def instances_by_hand(self) -> set[str]:
        """Names of the instances that the user starts and that are not done."""
        return set(self._made.control().by_hand)

    def check(self) -> None:
        """Check whether the model could be run on this machine, as far as that can be said before.

        Raises:
            ConfigurationError: If a program is not there or cannot be executed, the model needs
                more cores than there are, the run directory cannot be used, there is no such log
                level, or no time for the run.
        """
        self._check_programs()
        self._plan(Resources((LinuxNodeInspector().resources(),)))
        check_options(self._options)
        if self._run_dir is not None and self._container is None:
            FilesystemRunDirectory.check_existing(self._run_dir)

    def start_all(self) -> None:
        """Start all programs, except those with execution model `manual`.

        Blocks for a moment: in an event loop, use `await asyncio.to_thread(manager.start_all)`.

        Raises:
            ConfigurationError: If a program is not there or cannot be executed, or the model needs
                more cores than there are; then nothing has been started.
            InconsistentSnapshot: If a path to resume from leads nowhere from where an instance is
                started; then nothing has been started either.
            RunError: If the agents that start programs do not come up.
            UsageError: If it has been called before.
        """
        container = self._opened
        with self._starting:
            if self._has_been_started:
                msg = "start_all() was called twice: make a new Manager for another run."
                raise UsageError(msg)
            self._has_been_started = True
        if self._is_local:
            self._check_programs()
        check_relative_resume(self._configuration, container.run_directory(), places=self._places)
        available = self._launch_agents(container)
        if self._outcome.result is None:
            self._start_on(available, container)

    def wait(self, timeout: float | None = None) -> RunFinished | None:
        """Wait until the run is over. Several threads may do so.

        Args:
            timeout: For how many seconds to wait; None for as long as it takes.

        Returns:
            How it ended, or None if the time was over first.
        """
        self._check_made()
        return self._outcome.wait(timeout)

    async def finished(self) -> RunFinished:
        """Wait until the run is over, without blocking the event loop.

        Example:
            ::

                with Manager("model.ymmsl") as manager:
                    await asyncio.to_thread(manager.start_all)
                    result = await manager.finished()
        """
        self._check_made()
        return await self._outcome.wait_in_loop()

    def stop(
        self, reason: str = "The run was stopped by the user.", *, save_first: bool = False
    ) -> None:
        """Stop all programs, and the run. Returns at once; `wait` for the end.

        May be called from a signal handler, and more than once.

        Args:
            reason: Why, for the user.
            save_first: Whether our own instances may save before, for as long as
                `ManagerOptions.checkpoints.save_time` says. Called again, it stops at once.
        """
        container = self._made
        service = container.allocation_end() if save_first else container.control()
        container.listening().server.loop.call_soon(lambda: service.stop(reason))

    def status(self) -> list[InstanceStatus]:
        """Return how each instance is at this moment; once closed, how it was in the end."""
        return list(self._made.board().all())

    def resumable_from(self) -> str | None:
        """Return the newest workflow snapshot of this run that is sound, None if there is none.

        Once the manager is closed all of them are on disk.
        """
        return newest_in_run(self.run_directory, places=self._places)

    def subscribe(self, callback: Callable[[RunEvent], object]) -> Callable[[], None]:
        """Call back for everything that happens from now on, on a thread named `conjoin-events`.

        A callback that raises is logged, and called again for the next event.

        Returns:
            A function that ends the subscription.
        """
        unsubscribe: Callable[[], None] = self._opened.events().subscribe(callback)
        return unsubscribe

    def watch(self, sink: EventSink) -> None:
        """Have a watcher told of everything from now on, on the manager's own thread.

        Args:
            sink: Must return at once and not raise; where that cannot be promised, use `subscribe`.
        """
        self._opened.board().watch(sink)

    def log_tail(self, lines: int = 50) -> str:
        """Return the last lines of the log of the run."""
        self._check_made()
        assert self._logbook is not None
        return self._logbook.tail(lines=lines)

    def open(self) -> Self:
        """Make the run directory, and listen; where no `with` statement can do that.

        Returns:
            The manager itself, which is to be closed with `close`.

        Raises:
            ConfigurationError: If the run directory or the store for snapshots cannot be used.
            InconsistentSnapshot: If a snapshot to resume from cannot be fetched from its store.
            UsageError: If it has been opened before.
        """
        if self._container is not None:
            msg = "A Manager can be entered once: make a new one for another run."
            raise UsageError(msg)
        with contextlib.ExitStack() as undo:
            self._container = self._opened_container(undo)
            # kept, because asking the container after the end would open it again
            self._logbook = self._container.logbook()
            undo.callback(self._forget)
            server = self._container.listening().server
            server.start()
            server.loop.call_soon(self._container.allocation_end().expect)
            undo.pop_all()
        self._is_open = True
        return self

    def close(self) -> None:
        """Stop the run if it goes on, and let go of everything. May be called more than once."""
        with self._closing:
            if not self._is_open:
                return
            self._is_open = False
        container = self._made
        try:
            if self._outcome.result is None:
                self._end(container)
        finally:
            self._outcome.settle(RunFinished(succeeded=False, cause=CLOSED_EARLY))
            self._wake_starters()
            container.shutdown_resources()
            fetched = container.run_directory().fetched_snapshots
            shutil.rmtree(fetched, ignore_errors=True)

    def _end(self, container: ManagerContainer) -> None:
        """End a run that goes on."""
        self.stop(CLOSED_EARLY)
        self._outcome.wait(self._options.timeouts.grace + SHUTDOWN_MARGIN)
        gone = threading.Event()
        agents = container.agents()
        container.listening().server.loop.call_soon(lambda: agents.shutdown(on_done=gone.set))
        gone.wait(SHUTDOWN_MARGIN)

    def _check_made(self) -> None:
        if self._container is None:
            msg = (
                "Use a Manager as a context manager, or open() it: with Manager(...) as manager:"
                " ..."
            )
            raise UsageError(msg)

    @property
    def _made(self) -> ManagerContainer:
        self._check_made()
        assert self._container is not None
        return self._container

    @property
    def _opened(self) -> ManagerContainer:
        container = self._made
        if not self._is_open:
            msg = "This Manager has been closed: make a new one for another run."
            raise UsageError(msg)
        return container

    def _load(self, sources: object, model: str | None) -> Configuration:
        if isinstance(sources, Configuration):
            return sources
        if isinstance(sources, Sequence) and not isinstance(sources, (str, bytes)):
            return self._source.load(list(sources), model=model)
        return self._source.load([sources], model=model)

    def _resumed(self, configuration: Configuration, resume: str | Path | None) -> Configuration:
        if resume is None:
            check_resume(configuration, places=self._places, description=configuration.description)
            return configuration
        choice = chosen_snapshot(
            resume, model=configuration.model, run_dir=self._run_dir, places=self._places
        )
        self._has_unused_resume = bool(configuration.resume)
        shelved = choice.snapshot.shelved
        configuration = replace(configuration, resume=shelved.resume)
        check_resume(configuration, places=self._places, description=shelved.description)
        self._choice = choice
        return configuration

    def _opened_container(self, undo: contextlib.ExitStack) -> ManagerContainer:
        directory = self._make_run_directory(undo)
        directory.save_configuration(self._source.dump(self._configuration))
        container = opened_container(
            options=self._options,
            adapters=self._adapters,
            configuration=self._with_fetched_snapshots(directory, undo),
            run_directory=directory,
            storage=self._places.of_run(directory),
            on_finished=self._note_finished,
            on_resources=self._note_resources,
        )
        undo.callback(container.shutdown_resources)
        return container

    def _with_fetched_snapshots(
        self, directory: FilesystemRunDirectory, undo: contextlib.ExitStack
    ) -> Configuration:
        """Return the configuration with paths in place of all that an instance may not know."""
        scratch = directory.fetched_snapshots
        undo.callback(shutil.rmtree, scratch, ignore_errors=True)
        fetched = self._places.fetched(self._configuration.resume, scratch=scratch)
        return replace(self._configuration, resume=fetched)

    def _forget(self) -> None:
        self._container = None

    def _make_run_directory(self, undo: contextlib.ExitStack) -> FilesystemRunDirectory:
        if self._run_dir is not None:
            return FilesystemRunDirectory.in_existing(self._run_dir)
        moment = datetime.now().astimezone()
        directory = FilesystemRunDirectory.create(
            self._configuration.model.name, parent=Path.cwd(), moment=moment
        )
        undo.callback(directory.remove)
        return directory

    def _launch_agents(self, container: ManagerContainer) -> Resources:
        """Have an agent started on each node, and wait until they say what is there."""
        agents = container.agents()
        server, locations = container.listening().server, container.listening().locations
        nodes = container.launcher().launch(
            agents.orders(locations, self._options.secret), on_lost=agents.node_lost
        )
        server.loop.call_soon(lambda: agents.expect(nodes))
        with self._starting:
            self._starting.wait_for(
                lambda: self._available is not None or self._outcome.result is not None,
                self._options.timeouts.startup + STARTUP_MARGIN,
            )
        available = self._available or Resources(())
        if not available.nodes and self._outcome.result is None:
            msg = "No node agent could be started; see the log of the run for the reason."
            raise RunError(msg)
        return available

    def _start_on(self, available: Resources, container: ManagerContainer) -> None:
        plan = self._plan(available)
        container.profiles().add_resources(plan.resources)
        started = threading.Event()
        failure: list[BaseException] = []

        def start() -> None:
            try:
                container.control().start_all(
                    plan.resources,
                    environment={"MUSCLE_MANAGER": str(container.listening().locations[0])},
                    hidden_environment={"CONJOIN_SECRET": self._options.secret},
                    bind_to_cores=not self._is_local,
                )
            except Exception as error:  # noqa: BLE001 - raised again where start_all was called
                failure.append(error)
            finally:
                started.set()

        container.listening().server.loop.call_soon(start)
        started.wait()
        if failure:
            raise failure[0]

    @property
    def _is_local(self) -> bool:
        return self._adapters.launcher is None

    def _check_programs(self) -> None:
        missing = missing_programs(self._configuration)
        if missing:
            raise ConfigurationError(*missing)

    def _plan(self, available: Resources) -> Plan:
        planner = Planner(self._configuration)
        try:
            return planner.plan(available, oversubscribe=self._is_local)
        except InsufficientResources as error:
            raise ConfigurationError(str(error)) from error

    def _note_resources(self, available: Resources) -> None:
        self._available = available
        self._wake_starters()

    def _wake_starters(self) -> None:
        with self._starting:
            self._starting.notify_all()

    def _note_finished(self, result: RunFinished) -> None:
        container = self._made
        log = container.log()
        went_well = result.succeeded or result.was_interrupted
        if went_well and container.snapshots().is_in_vain:
            log.warning(IN_VAIN)
            result = replace(result, warnings=(*result.warnings, IN_VAIN))
        if result.succeeded:
            log.info("the simulation completed")
        elif result.was_interrupted:
            log.warning(result.cause)
        else:
            log.error(f"the simulation failed: {_with_whereabouts(result)}")

        def leave() -> None:
            if self._outcome.settle(result):
                container.board().publish(result)
            self._wake_starters()

        container.agents().shutdown(on_done=leave)


def _with_checkpoints(configuration: Configuration, more: Checkpoints) -> Configuration:
    return replace(configuration, checkpoints=configuration.checkpoints.joined_with(more))


def _with_whereabouts(result: RunFinished) -> str:
    if not result.output_directory:
        return result.cause
    return f"{result.cause}\nIts output is in {result.output_directory}"


def _places(snapshot_store: str | Path | None, adapters: Adapters) -> SnapshotPlaces:
    if snapshot_store is None:
        return SnapshotPlaces(handed_in=adapters.snapshots)
    if adapters.snapshots is not None:
        msg = "snapshot_store= and adapters=Adapters(snapshots=...) exclude each other."
        raise UsageError(msg)
    return SnapshotPlaces(place_of(snapshot_store))


def _checked(adapters: object) -> Adapters:
    if adapters is None:
        return Adapters()
    if not isinstance(adapters, Adapters):
        msg = (
            f"adapters= takes Adapters(...) of entrypoints.manager, and not a"
            f" {type(adapters).__name__}: Manager(..., adapters=Adapters(launcher=...))"
        )
        raise UsageError(msg)
    return adapters
