"""The task runtime: actors and tasks on the cores of this machine.

Example:
    ::

        import entrypoints.runtime as runtime_of

        @runtime_of.tessera
        class Counter:
            def __init__(self):
                self.n = 0

            def add(self, k):
                self.n += k
                return self.n

        async def main(runtime):
            counter = await Counter.remote()
            print(await counter.add(2).result())

        if __name__ == "__main__":
            runtime_of.run(main, num_workers=2)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from application.runtime.cancellation import TaskCancelledError as CancelledError
from application.runtime.log import RuntimeLog
from application.runtime.process_services import current_services
from application.runtime.reference import by_reference
from application.runtime.runtime_proxy import RuntimeProxy
from application.runtime.tessera import tessera
from domain.runtime.task_errors import (
    DependencyError,
    MemoryOverflowError,
    RemoteError,
    RuntimeDisconnectedError,
    SerialisationError,
    TaskError,
)
from domain.runtime.task_errors import TaskTimeoutError as TimeoutError  # noqa: A004
from entrypoints._runtime.active_run import ActiveRun
from entrypoints._runtime.facade import Runtime
from entrypoints._runtime.run_options import run_options
from entrypoints._runtime.session import Exited, Session, new_log

Result = TypeVar("Result")

MultiError = DependencyError

__all__ = [
    "CancelledError",
    "DependencyError",
    "MemoryOverflowError",
    "MultiError",
    "RemoteError",
    "Runtime",
    "RuntimeDisconnectedError",
    "RuntimeProxy",
    "SerialisationError",
    "TaskError",
    "TimeoutError",
    "by_reference",
    "init",
    "interactive",
    "logger",
    "run",
    "runtime",
    "stop",
    "tessera",
]


def run(main: Callable[[Runtime], Coroutine[Any, Any, Result]], **options: object) -> Result | None:
    """Start workers, run a coroutine function with the runtime, and end the workers.

    Args:
        main: Called with the runtime.
        options: See `RunOptions`.

    Returns:
        What `main` returned; None if `Runtime.stop` ended it.

    Raises:
        RuntimeError: This thread runs an event loop: use `interactive` there.
        Exception: The exception of `main`.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        msg = (
            "run() cannot be used inside of a running event loop, such as that of a notebook: use"
            ' `await interactive("on")` there'
        )
        raise RuntimeError(msg)
    session = Session(run_options(**options), mode="local")

    async def whole() -> Result | Exited | None:
        opened = await session.open()
        try:
            return await session.run(main(opened))
        finally:
            await session.close()

    result = asyncio.run(whole())
    if isinstance(result, Exited):
        raise result.error
    return result


def init(**options: object) -> Runtime | Awaitable[Runtime]:
    """Start workers: the first half of `run`. `stop` is the other half.

    A plain call without a running event loop; inside of one, await it.

    Args:
        options: See `RunOptions`.

    Returns:
        The runtime, or what to await for it.

    Raises:
        RuntimeError: A runtime has been started already.
    """
    return _ACTIVE.start(run_options(**options), mode="local")


def stop() -> Awaitable[None] | None:
    """End the workers that `init` has started; a plain call, or awaited, as `init` is."""
    return _ACTIVE.stop()


async def interactive(switch: str, **options: object) -> Runtime | None:
    """Start or end workers in a notebook, with the switches "on" and "off".

    A second "on" or "off" does nothing.

    Args:
        switch: "on" or "off".
        options: See `RunOptions`.

    Returns:
        The runtime; None if there is none.

    Raises:
        ValueError: The switch is neither.
    """
    if switch not in ("on", "off"):
        msg = f"interactive() takes 'on' or 'off', not {switch!r}"
        raise ValueError(msg)
    if switch == "off":
        await _ACTIVE.close()
    elif not _ACTIVE.is_on:
        await _ACTIVE.open(run_options(**options), mode="interactive")
    return runtime()


def runtime() -> Runtime | None:
    """Return the runtime that the running code belongs to; None outside of a run."""
    services = current_services()
    found = None if services is None else services.runtime
    assert found is None or isinstance(found, Runtime)
    return found


def logger() -> RuntimeLog:
    """Return the logger of the running code, also outside of a run."""
    services = current_services()
    return new_log("info") if services is None else services.log


_ACTIVE = ActiveRun()
