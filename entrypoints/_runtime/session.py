"""One run of the task runtime, from the head."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from adapters.inline.engine import InlineTaskEngine
from adapters.pickling.pickler import CloudPickler
from adapters.terminal.loop_bars import RichProgressBars
from adapters.threads.task_threads import PooledTaskThreads
from application.interfaces.task_engine import TaskEngine
from application.runtime.endpoint import Endpoint
from application.runtime.log import RuntimeLog
from application.runtime.process_host import ProcessHost
from application.runtime.wiring import new_endpoint
from domain.runtime.hosts import HEAD, EnginePlan, HostPlan
from domain.runtime.placement import strategy
from domain.runtime.uids import WORKER
from entrypoints._runtime.engines import new_embedded_engine
from entrypoints._runtime.facade import REMOTE_NAMES, Runtime
from entrypoints._runtime.layout import FIXED_MEMBERS, connect_fixed_members
from entrypoints._runtime.run_options import RunOptions
from entrypoints._runtime.worker_host import FACTORY, worker_settings

INLINE = "inline"


class Session:
    """Starts the engine and the runtimes of this process, and ends them.

    Args:
        options: What the user chose.
        mode: `local`, `interactive` or `cluster`.

    Raises:
        ValueError: An option has a value that it cannot have.
    """

    def __init__(self, options: RunOptions, *, mode: str) -> None:
        self._options = options
        self._mode = mode
        self._log = RuntimeLog(uid=HEAD, level=options.log_level, sink=_write)
        self._placement = strategy(options.placement)
        self._threads = PooledTaskThreads()
        self._engine = _new_engine(options, self._log.error)
        self._endpoint = self._new_endpoint()

    @property
    def runtime(self) -> Runtime:
        """The runtime of the head."""
        assert isinstance(self._endpoint.runtime, Runtime)
        return self._endpoint.runtime

    async def open(self) -> Runtime:
        """Start.

        Raises:
            EngineError: The workers did not start.
        """
        options = self._options
        connect_fixed_members(self._endpoint.members)
        hosts = tuple(
            HostPlan(WORKER, (0, index), threads=options.num_threads, memory=options.worker_memory)
            for index in range(options.total_workers)
        )
        is_inline = options.engine == INLINE
        plan = EnginePlan(
            hosts,
            FACTORY,
            worker_settings(log_level=options.log_level, mode=self._mode, is_inline=is_inline),
            run_directory=_path(options.run_directory),
            spill_directory=_path(options.spill_directory),
            store_memory=options.warehouse_memory,
        )
        host = ProcessHost(self._endpoint, print_line=_print_line)
        for started in await self._engine.open(plan, host):
            self._endpoint.members.connect(started.uid)
        return self.runtime

    async def close(self) -> None:
        """End all workers, and leave nothing behind."""
        await self._engine.close()
        self._threads.close()

    def _new_endpoint(self) -> Endpoint:
        endpoint = new_endpoint(
            link=self._engine,
            pickler=CloudPickler(),
            threads=self._threads,
            log=self._log,
            bars=RichProgressBars(sys.stderr),
            remote_names=REMOTE_NAMES,
            placement=self._placement,
        )
        for uid in FIXED_MEMBERS:
            runtime = Runtime(endpoint=endpoint, uid=uid, mode=self._mode)
            if uid == HEAD:
                endpoint.runtime = runtime
        return endpoint


def _new_engine(options: RunOptions, on_error: Callable[[str], None]) -> TaskEngine:
    if options.engine == INLINE:
        return InlineTaskEngine()
    if options.engine == "embedded":
        return new_embedded_engine(on_error=on_error)
    msg = f"Engine '{options.engine}' does not exist. Choose 'embedded' or 'inline'"
    raise ValueError(msg)


def _path(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)


def _write(level: str, uid: str, text: str) -> None:
    print(f"{level.upper():8}{uid}: {text}", file=sys.stderr)  # noqa: T201


def _print_line(uid: str, stream: str, text: str) -> None:
    del uid
    print(text, file=sys.stdout if stream == "stdout" else sys.stderr)
