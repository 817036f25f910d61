"""Implements `Manager`, which `entrypoints.manager` exports.

It is a separate module to avoid an import cycle: `entrypoints.manager`, when run by `python -m`,
imports the command line, which imports this module.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, overload

from typing_extensions import Self

from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.system.clock import SystemClock
from adapters.ymmsl_files.checking.wiring_checks import unconnected_ports
from application.interfaces.logbook import EventSink
from application.manager.snapshots.snapshot_stores import SnapshotStores
from domain.coupling.settings import SettingValue
from domain.errors import UsageError
from domain.model.checkpoint_rules import Checkpoints
from domain.model.configuration import Configuration
from domain.running.events import InstanceStatus, RunEvent, RunFinished
from domain.running.nodes import NodeStatus
from entrypoints._manager.arguments import (
    checked_adapters,
    checked_options,
    checked_settings,
)
from entrypoints._manager.event_stream import EventStream
from entrypoints._manager.idle_nodes import idle_node_warnings
from entrypoints._manager.launcher_choice import choose_launcher
from entrypoints._manager.local_checks import check_programs, check_this_machine
from entrypoints._manager.opening import open_manager
from entrypoints._manager.outcome import Outcome
from entrypoints._manager.run_input import RunInput
from entrypoints._manager.shared_files import check_snapshots_are_reachable
from entrypoints._manager.start_bridge import StartBridge
from entrypoints._snapshots.snapshot_wiring import (
    resume_check,
    resume_chooser,
    snapshot_stores,
)
from entrypoints.options import Adapters, ManagerOptions, check_options, check_trust

if TYPE_CHECKING:
    from entrypoints.containers.manager import OpenedManager

SHUTDOWN_MARGIN: Final = 10.0
CLOSED_EARLY: Final = "The manager was closed before the run was over."


class Manager:
    """Runs one simulation. Use it as a context manager, once.

    It installs no signal handlers, does not change global logging and does not read the command
    line. One process can have several managers. All methods are thread-safe.

    Args:
        sources: yMMSL files (paths), texts of such files (with at least one line break), or
            configurations of the ymmsl library; they are merged in order. A single one needs no
            list. Alternatively, a single flat `domain.model.configuration.Configuration`.
        model: Name of the model to run, if there are several.
        settings: Settings by name, such as `{"macro.dt": 0.1}`; they replace or extend those in the
            sources.
        run_dir: An existing directory for the files of the run; None for a new one,
            `run_<model>_<date>_<time>`, in the current directory.
        resume: What to resume from; overrides the sources. Either the path of a workflow snapshot;
            or the run directory of an earlier run, for its newest usable workflow snapshot; or
            `latest`, for the newest of all runs of this model in the current directory and beside
            `run_dir`.
        checkpoints: When to make snapshots, in addition to the rules in the sources.
        snapshot_store: Where to store the snapshots of the instances, if not in the run directory:
            another directory, or a URL that fsspec supports, such as `s3://bucket/prefix`.
        options: Options of the manager.
        adapters: Adapters that replace the manager's own.

    Raises:
        ConfigurationError: If the configuration cannot be run, or two options exclude each other;
            the message says why.
        InconsistentSnapshot: If it cannot be resumed from those snapshots; the message says why.
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
        settings: Mapping[str, SettingValue] | None = None,
        run_dir: str | Path | None = None,
        resume: str | Path | None = None,
        checkpoints: Checkpoints | None = None,
        snapshot_store: str | Path | None = None,
        options: ManagerOptions | None = None,
        adapters: Adapters | None = None,
    ) -> None:
        self._options = checked_options(options)
        check_trust(self._options)
        self._run_dir = None if run_dir is None else Path(run_dir)
        self._adapters = checked_adapters(adapters)
        self._snapshot_store = str(snapshot_store or "")
        self._stores = _stores(snapshot_store, self._adapters)
        self._input = RunInput(
            sources,
            model=model,
            settings=checked_settings(settings),
            resume=resume,
            checkpoints=checkpoints,
            run_dir=self._run_dir,
            stores=self._stores,
            programs_required=self._options.programs_required,
        )
        self._launcher_warnings: list[str] = []
        self._launcher = choose_launcher(
            self._options, self._adapters, warnings=self._launcher_warnings
        )
        self._outcome = Outcome()
        self._start = StartBridge()
        self._parts: OpenedManager | None = None
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
        """The flat configuration to run."""
        return self._input.configuration

    @property
    def warnings(self) -> Sequence[str]:
        """Warnings about the configuration and the batch job; they do not prevent a run."""
        return [*self._input.warnings, *self._launcher_warnings]

    @property
    def resumed_from(self) -> str | None:
        """The workflow snapshot that `resume` selected; None if `resume` was not given."""
        choice = self._input.choice
        return choice.snapshot.location if choice else None

    @property
    def run_directory(self) -> Path:
        """The directory that contains the files of the run."""
        return self._opened_parts.run_directory.path

    @property
    def location(self) -> str:
        """The location at which instances can reach the manager, for MUSCLE_MANAGER."""
        return self._opened.launch.manager_locations[0]

    @property
    def secret(self) -> str:
        """Secret of this run, with which Conjoin's programs authenticate themselves."""
        return self._options.secret

    @property
    def instances_by_hand(self) -> set[str]:
        """Names of the instances that are started by hand and have not finished.

        Empty once the run is being stopped.
        """
        control = self._opened_parts.services.control
        return set() if control.is_ending else control.by_hand

    def check(self) -> Sequence[str]:
        """Check, as far as possible in advance, whether the model can be run.

        If the launcher starts agents on other machines, programs and cores are not checked.

        Returns:
            Warnings about running it on this machine, such as that the machine has fewer cores
            than the model requests.

        Raises:
            ConfigurationError: If a program does not exist or cannot be executed, the run directory
                cannot be used, the log level does not exist, or there is no time for the run; also
                if the model needs more cores than there are, and neither the options nor the
                launcher allow instances to share cores.
        """
        warnings = [*unconnected_ports(self.configuration.model), *self._check_this_machine()]
        self._check_shared_files()
        check_options(self._options)
        if self._run_dir is not None and self._parts is None:
            FilesystemRunDirectory.check_existing(self._run_dir)
        return warnings

    def _check_this_machine(self) -> Sequence[str]:
        capabilities = self._launcher.capabilities
        if not capabilities.is_this_machine:
            return ()
        oversubscribe = capabilities.oversubscribes(self._options.oversubscribe)
        warnings = check_this_machine(self.configuration, oversubscribe=oversubscribe)
        return [*warnings, *idle_node_warnings()]

    def _check_shared_files(self) -> None:
        if not self._launcher.capabilities.shares_files:
            check_snapshots_are_reachable(
                self.configuration,
                self._options.checkpoints,
                snapshot_store=self._snapshot_store,
            )

    def start_all(self) -> None:
        """Start all programs, except those with execution model `manual`.

        This blocks briefly: in an event loop, use `await asyncio.to_thread(manager.start_all)`.

        Raises:
            ConfigurationError: If a program does not exist or cannot be executed, or if the model
                needs more cores than there are, and neither the options nor the launcher allow
                instances to share cores; nothing is started then. The default launcher, for this
                machine, allows it: too few cores only cause a warning in the log.
            InconsistentSnapshot: If a snapshot to resume from does not exist when seen from the
                working directory of its instance; nothing is started then.
            RunError: If the agents that start programs cannot be started.
            TransportError: If the launcher cannot reach a node.
            UsageError: If it has been called before.
        """
        opened = self._opened
        self._start.begin()
        if self._launcher.capabilities.is_this_machine:
            for warning in (*check_programs(self.configuration), *idle_node_warnings()):
                opened.run_log.log.warning(warning)
        self._check_shared_files()
        check = resume_check(self._stores)
        for warning in check.check_relative(self.configuration, opened.run_directory):
            opened.run_log.log.warning(warning)
        start = partial(opened.services.run.start, opened.launch)
        self._start.run(start, scheduler=opened.loop)

    @overload
    def wait(self, timeout: None = None) -> RunFinished: ...
    @overload
    def wait(self, timeout: float | None) -> RunFinished | None: ...
    def wait(self, timeout: float | None = None) -> RunFinished | None:
        """Wait until the run is over. Several threads may wait.

        Args:
            timeout: Maximum number of seconds to wait; None for no limit.

        Returns:
            How the run ended, or None on a timeout.
        """
        _checked_open(self._parts)
        return self._outcome.wait(timeout)

    async def finished(self) -> RunFinished:
        """Wait until the run is over, without blocking the event loop.

        Example:
            ::

                with Manager("model.ymmsl") as manager:
                    await asyncio.to_thread(manager.start_all)
                    result = await manager.finished()
        """
        _checked_open(self._parts)
        return await self._outcome.wait_in_loop()

    def stop(
        self, reason: str = "The run was stopped by the user.", *, save_first: bool = False
    ) -> None:
        """Stop all programs and the run. This returns immediately; use `wait` to wait for the end.

        It may be called from a signal handler, and more than once.

        Args:
            reason: The reason, for the user.
            save_first: Whether instances that use Conjoin's library may save first, for at most
                `ManagerOptions.checkpoints.save_time` seconds. A second call stops at once.
        """
        services = self._opened_parts.services
        service = services.allocation_end if save_first else services.control
        self._opened_parts.loop.call_soon(lambda: service.stop(reason))

    def status(self) -> list[InstanceStatus]:
        """Return the current status of each instance; after `close`, the final status."""
        return self._opened_parts.services.board.all()

    def nodes(self) -> list[NodeStatus]:
        """Return the current status of each node that has an agent."""
        return self._opened_parts.services.agents.nodes()

    def resumable_from(self) -> str | None:
        """Return the newest usable workflow snapshot of this run; None if there is none.

        Once the manager is closed, all workflow snapshots are on disk.
        """
        return resume_chooser(self._stores).newest_in(self.run_directory)

    def subscribe(self, callback: Callable[[RunEvent], object]) -> Callable[[], None]:
        """Pass each event from now on to a callback, on a thread named `conjoin-events`.

        If the callback raises, the exception is logged, and the subscription continues.

        Returns:
            A function that ends the subscription.
        """
        return self._opened.events.subscribe(callback)

    def events(self) -> EventStream:
        """Return the events from now on, for an event loop; the last one is RunFinished.

        Raises:
            RuntimeError: If no event loop runs in this thread: use `subscribe` there.

        Example:
            ::

                with Manager("model.ymmsl") as manager:
                    events = manager.events()
                    await asyncio.to_thread(manager.start_all)
                    async for event in events:
                        print(event.to_dict())
        """
        return EventStream(self._opened.events.subscribe, result=self._outcome.result)

    def watch(self, sink: EventSink) -> None:
        """Pass each event from now on to a sink, on the manager's own thread.

        Args:
            sink: Receives the events. It must return immediately and must not raise; otherwise use
                `subscribe`.
        """
        self._opened.services.board.watch(sink)

    def log_tail(self, lines: int = 50) -> str:
        """Return the last lines of the log of the run."""
        return self._opened_parts.run_log.book.tail(lines=lines)

    def open(self) -> Self:
        """Create the run directory and start to listen; use this where `with` is not possible.

        Returns:
            The manager itself, which the caller must close with `close`.

        Raises:
            ConfigurationError: If the run directory or the store for snapshots cannot be used.
            InconsistentSnapshot: If a snapshot to resume from cannot be fetched from its store.
            UsageError: If it has been opened before.
        """
        if self._parts is not None:
            msg = "A Manager can be opened only once: create a new one for another run."
            raise UsageError(msg)
        self._parts = open_manager(
            self._input,
            run_dir=self._run_dir,
            stores=self._stores,
            options=self._options,
            adapters=self._adapters,
            launcher=self._launcher,
            on_finished=self._outcome.settle,
        )
        self._parts.loop.call_soon(self._parts.services.allocation_end.expect)
        self._is_open = True
        return self

    def close(self) -> None:
        """Stop the run if it is not over, and release all resources. This method is idempotent."""
        with self._closing:
            if not self._is_open:
                return
            self._is_open = False
        parts = self._opened_parts
        try:
            if self._outcome.result is None:
                self._end(parts)
        finally:
            now = (self._adapters.clock or SystemClock()).time()
            self._outcome.settle(RunFinished(succeeded=False, cause=CLOSED_EARLY, time=now))
            self._start.abandon()
            parts.close()
            shutil.rmtree(parts.run_directory.fetched_snapshots, ignore_errors=True)

    def _end(self, parts: OpenedManager) -> None:
        """End the run if it is not over."""
        self.stop(CLOSED_EARLY)
        self._outcome.wait(self._options.timeouts.grace + SHUTDOWN_MARGIN)
        _shut_agents_down(parts)

    @property
    def _opened_parts(self) -> OpenedManager:
        return _checked_open(self._parts)

    @property
    def _opened(self) -> OpenedManager:
        parts = self._opened_parts
        if not self._is_open:
            msg = "This Manager has been closed: create a new one for another run."
            raise UsageError(msg)
        return parts


def _checked_open(parts: OpenedManager | None) -> OpenedManager:
    if parts is None:
        msg = (
            "This Manager is not open. Use it as a context manager, or call open(): with"
            " Manager(...) as manager: ..."
        )
        raise UsageError(msg)
    return parts


def _shut_agents_down(parts: OpenedManager) -> None:
    gone = threading.Event()
    parts.loop.call_soon(lambda: parts.services.agents.shutdown(on_done=gone.set))
    gone.wait(SHUTDOWN_MARGIN)


def _stores(snapshot_store: str | Path | None, adapters: Adapters) -> SnapshotStores:
    if snapshot_store is not None and adapters.snapshots is not None:
        msg = "snapshot_store= and adapters=Adapters(snapshots=...) exclude each other."
        raise UsageError(msg)
    return snapshot_stores(snapshot_store, adapter=adapters.snapshots)
