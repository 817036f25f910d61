"""One run of the task runtime, from the head."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Any, TypeVar

from adapters.inline.engine import InlineTaskEngine
from adapters.pickling.pickler import CloudPickler
from adapters.processes.own_process import PsutilOwnProcess
from adapters.system.clock import SystemClock
from adapters.terminal.loop_bars import RichProgressBars
from adapters.threads.task_threads import PooledTaskThreads
from adapters.zeromq.context import close_shared_context
from application.interfaces.task_engine import TaskEngine
from application.runtime.driving import Drive
from application.runtime.housekeeping import Housekeeping
from application.runtime.lifecycle import Lifecycle
from application.runtime.log import RuntimeLog
from application.runtime.log_names import Failures
from application.runtime.process_host import ProcessHost
from application.runtime.process_services import ProcessServices
from application.runtime.profile import Profile
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.wiring import new_services
from domain.runtime.hosts import HEAD, EnginePlan, HostPlan
from domain.runtime.placement import strategy
from domain.runtime.uids import MONITOR, WORKER
from entrypoints._runtime.engines import new_embedded_engine
from entrypoints._runtime.facade import REMOTE_NAMES, Runtime
from entrypoints._runtime.layout import FIXED_MEMBERS, connect_fixed_members
from entrypoints._runtime.new_runtime import new_runtime
from entrypoints._runtime.profile_file import ProfileFile
from entrypoints._runtime.run_options import RunOptions
from entrypoints._runtime.worker_host import FACTORY, INLINE, worker_settings

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Exited:
    """The coroutine of the user has raised SystemExit.

    Attributes:
        error: The exception, with the exit code.
    """

    error: SystemExit


class Session:
    """Starts the engine and the runtimes of this process, and ends them.

    Args:
        options: Options of the user.
        mode: `local`, `interactive` or `cluster`.

    Raises:
        ValueError: An option has a value that it cannot have.
    """

    def __init__(self, options: RunOptions, *, mode: str) -> None:
        self._options = options
        self._mode = mode
        self._log = new_log(options.log_level)
        self._placement = strategy(options.placement)
        self._threads = PooledTaskThreads()
        self._profile = ProfileBuffer(clock=SystemClock())
        self._own_process = PsutilOwnProcess()
        self._engine = _new_engine(options, self._log.error, self._profile)
        self._failures = Failures()
        self._main: asyncio.Future[Any] | None = None
        self._is_stopped = False
        self._services = self._new_services()
        self._runtimes = self._new_runtimes()
        self._services.runtime = self._runtimes[FIXED_MEMBERS.index(HEAD)]
        self._profile_file = ProfileFile(
            buffer=self._profile,
            monitor=self._runtimes[FIXED_MEMBERS.index(MONITOR)].service(Profile),
            directory=options.run_directory if options.profile else None,
            on_error=self._log.error,
        )

    @property
    def runtime(self) -> Runtime:
        """The runtime of the head."""
        assert isinstance(self._services.runtime, Runtime)
        return self._services.runtime

    async def open(self) -> Runtime:
        """Start.

        Raises:
            EngineError: The workers did not start.
        """
        self._profile_file.open()
        connect_fixed_members(self._services.members)
        for runtime in self._runtimes:
            runtime.get_event_loop(asyncio.get_running_loop())
        host = ProcessHost(self._services, print_line=_print_line)
        try:
            hosts = await self._engine.open(self._plan(), host)
        except BaseException:
            self._profile_file.close()
            raise
        for started in hosts:
            self._services.members.connect(started.uid)
        self._services.replacement.start(
            replace=self._engine.replace,
            end=self._engine.end,
            limit=self._options.max_worker_restarts,
        )
        return self.runtime

    async def run(self, main: Coroutine[Any, Any, Result]) -> Result | Exited | None:
        """Run a coroutine of the user until it ends, or `Runtime.stop` is called.

        Returns:
            What it returned; None if it was stopped. SystemExit is returned, not raised.

        Raises:
            Exception: Its exception.
        """
        self._main = asyncio.ensure_future(self._drive(main))
        try:
            result: Result | Exited = await self._main
        except asyncio.CancelledError:
            if self._is_stopped:
                return None
            raise
        return result

    async def _drive(self, main: Coroutine[Any, Any, Result]) -> Result | Exited:
        try:
            return await Drive(self._failures).run(main)
        except SystemExit as error:
            # In a task, it would stop the event loop at once, with all workers running.
            return Exited(error)

    async def close(self) -> None:
        """End all workers, and leave nothing behind."""
        await self._services.replacement.stop()
        await self._profile_file.complete(self._services.members.workers())
        await self._engine.close()
        self._profile_file.close()
        self._threads.close()
        close_shared_context()
        for runtime in self._runtimes:
            runtime.service(Housekeeping).close()
            runtime.service(Lifecycle).has_stopped()

    async def _end(self) -> None:
        """End the run, because `Runtime.stop` was called."""
        self._is_stopped = True
        if self._main is not None:
            self._main.cancel()
        else:
            await self.close()

    def _plan(self) -> EnginePlan:
        options = self._options
        hosts = tuple(
            HostPlan(
                WORKER,
                (node, index),
                threads=options.num_threads,
                memory=options.worker_memory,
                node=node,
            )
            for node in range(options.num_nodes)
            for index in range(options.total_workers)
        )
        return EnginePlan(
            hosts,
            FACTORY,
            worker_settings(
                log_level=options.log_level,
                mode=self._mode,
                engine=options.engine,
                has_profile=self._profile_file.is_written,
            ),
            run_directory=_path(options.run_directory),
            spill_directory=_path(options.spill_directory),
            store_memory=options.warehouse_memory,
        )

    def _new_services(self) -> ProcessServices:
        return new_services(
            link=self._engine,
            pickler=CloudPickler(),
            threads=self._threads,
            own_process=self._own_process,
            log=self._log,
            bars=RichProgressBars(sys.stderr),
            profile=self._profile,
            remote_names=REMOTE_NAMES,
            placement=self._placement,
            worker_memory=self._options.worker_memory,
        )

    def _new_runtimes(self) -> list[Runtime]:
        return [
            new_runtime(
                services=self._services,
                link=self._engine,
                uid=uid,
                mode=self._mode,
                engine=self._options.engine,
                own_process=self._own_process,
                failures=self._failures,
                end=self._end,
            )
            for uid in FIXED_MEMBERS
        ]


def new_log(level: str) -> RuntimeLog:
    """Return the log of the head, which writes on standard error.

    Raises:
        ValueError: The level does not exist.
    """
    return RuntimeLog(uid=HEAD, level=level, sink=_write)


def _new_engine(
    options: RunOptions, on_error: Callable[[str], None], profile: ProfileBuffer
) -> TaskEngine:
    if options.engine == INLINE:
        return InlineTaskEngine()
    if options.engine == "embedded":

        def on_spilled(start: float, size: int) -> None:
            profile.add("spill", "spill", start, row="spills", size=size)

        return new_embedded_engine(on_error=on_error, on_spilled=on_spilled)
    msg = f"Engine '{options.engine}' does not exist. Choose 'embedded' or 'inline'"
    raise ValueError(msg)


def _path(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)


def _write(level: str, uid: str, text: str) -> None:
    print(f"{level.upper():8}{uid}: {text}", file=sys.stderr)  # noqa: T201


def _print_line(uid: str, stream: str, text: str) -> None:
    del uid
    # In its own context: Jupyter would attribute it to the cell that started the workers.
    Context().run(print, text, file=sys.stdout if stream == "stdout" else sys.stderr)
