"""The task runtime: actors and tasks on the cores of a machine.

See `docs/runtime.md` for what each name does.
"""

from entrypoints.runtime import (
    CancelledError,
    DependencyError,
    MemoryOverflowError,
    MultiError,
    RemoteError,
    Runtime,
    RuntimeDisconnectedError,
    RuntimeProxy,
    SerialisationError,
    TaskError,
    TimeoutError,  # noqa: A004
    by_reference,
    init,
    interactive,
    logger,
    run,
    runtime,
    stop,
    tessera,
)

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
