"""The hosts of a run, and their processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.embedded.oom_kills import count_oom_kills
from adapters.embedded.run_places import RunPlaces
from adapters.embedded.worker_process import WorkerProcess
from adapters.wire.host_orders import HostOrders, WarningFilter, encode_host_orders
from domain.running.process_end import Killed, from_return_code
from domain.runtime.errors import EngineError
from domain.runtime.hosts import EnginePlan, Host, LossKind, LossReason

WORKER_MODULE: Final = "entrypoints.worker"
ROOT: Final = str(Path(__file__).resolve().parents[2])

RUN_VARIABLE: Final = "CONJOIN_RUNTIME"
"""Environment variable with the directory of the run's sockets."""

SPILL_VARIABLE: Final = "CONJOIN_RUNTIME_SPILL"
"""Environment variable with the directory of the run's spill files."""

HOST_VARIABLE: Final = "CONJOIN_RUNTIME_HOST"
"""Environment variable with the uid of the host; inherited by what its tasks start."""

LAUNCHER_VARIABLE: Final = "CONJOIN_LAUNCHER_PID"
"""Environment variable by which a worker's watchdog finds the head."""

THREAD_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(slots=True)
class Member:
    """A host and its process.

    Attributes:
        host: The host.
        process: Its process.
        ready: Completed when it handles requests, or has ended before.
        is_ending: Whether the engine has ended it.
        oom_kills: How often the kernel had killed processes for lack of memory when it started.
    """

    host: Host
    process: WorkerProcess
    ready: asyncio.Future[None]
    is_ending: bool = False
    oom_kills: int = field(default_factory=count_oom_kills)

    @property
    def has_started(self) -> bool:
        """Whether it has handled requests."""
        return self.ready.done() and self.ready.exception() is None

    def reason(self, code: int, lines: Sequence[str]) -> LossReason:
        """Return why it is gone."""
        end = from_return_code(code)
        if self.is_ending:
            return LossReason(LossKind.ENDED, "was ended by the runtime", last_lines=tuple(lines))
        if end == Killed(signal.SIGKILL) and count_oom_kills() > self.oom_kills:
            return LossReason(
                LossKind.OUT_OF_MEMORY,
                f"{end}, because memory ran out",
                signal=end.signal,
                last_lines=tuple(lines),
            )
        if isinstance(end, Killed):
            return LossReason(LossKind.KILLED, str(end), signal=end.signal, last_lines=tuple(lines))
        return LossReason(LossKind.EXITED, str(end), exit_code=end.code, last_lines=tuple(lines))

    def note_failure(self, why: str) -> None:
        """Record that the host could not start."""
        if not self.ready.done():
            uid = self.host.uid
            self.ready.set_exception(EngineError(f"{uid} {why}", {uid: why}))
            self.ready.exception()  # it may have no listener


def start_process(
    host: Host,
    others: Iterable[Host],
    plan: EnginePlan,
    *,
    places: RunPlaces,
    on_line: Callable[[str, str], None],
    on_end: Callable[[int, Sequence[str]], None],
) -> WorkerProcess:
    """Start the process of a host.

    Args:
        host: The host.
        others: The other hosts of the run.
        plan: The plan of the engine.
        places: The directories of the run.
        on_line: Called with the stream and each line that it prints.
        on_end: Called with its return code and the last lines of its standard error.

    Raises:
        OSError: If it cannot be started.
    """
    process = WorkerProcess(
        [sys.executable, "-m", WORKER_MODULE],
        # from here, Python finds our packages first, not a module in the user's directory
        directory=ROOT,
        environment={
            **os.environ,
            **dict.fromkeys(THREAD_VARIABLES, str(host.plan.threads)),
            RUN_VARIABLE: places.sockets,
            SPILL_VARIABLE: places.spilled,
            HOST_VARIABLE: host.uid,
            LAUNCHER_VARIABLE: str(os.getpid()),
        },
        on_line=on_line,
        on_end=on_end,
    )
    orders = HostOrders(
        host,
        tuple(others),
        plan.factory,
        places.sockets,
        places.spilled,
        os.getcwd(),  # noqa: PTH109
        tuple(os.path.abspath(entry) for entry in sys.path),  # noqa: PTH100 - of '' too
        tuple(_warning_filters()),
    )
    process.start(encode_host_orders(orders))
    return process


def _warning_filters() -> Iterable[WarningFilter]:
    for action, message, category, module, line in warnings.filters:
        assert isinstance(category, type)
        yield WarningFilter(
            action,
            _pattern(message),
            f"{category.__module__}:{category.__qualname__}",
            _pattern(module),
            line,
        )


def _pattern(expression: object) -> str | None:
    # the module's own filters are strings, those of users compiled expressions
    if expression is None:
        return None
    return str(getattr(expression, "pattern", expression))
