"""Errors that tasks and actors raise at an await.

::

    TaskError                       (a RunError, and so a RuntimeError)
    ├── RemoteError                 replaces an exception that cannot be pickled or loaded
    ├── DependencyError             a task that this one needs failed; its error is the cause
    ├── RuntimeDisconnectedError    the process is gone
    ├── TaskTimeoutError            (also a TimeoutError) the deadline has passed
    ├── MemoryOverflowError         (also a MemoryError) the arguments do not fit in memory
    └── SerialisationError          (also a TypeError) an object cannot be pickled

`application.runtime.cancellation` adds the error of a cancelled task, which is also asyncio's.
"""

from __future__ import annotations

from domain.errors import RunError
from domain.runtime.hosts import LossReason


class TaskError(RunError):
    """A task or an actor failed for a reason other than an exception of its own.

    Attributes:
        uid: Uid of the task or actor; empty if there is none.
        task: Its function or method, such as `Counter.add`.
        worker: Uid of the worker.
    """

    def __init__(self, message: str, *, uid: str = "", task: str = "", worker: str = "") -> None:
        super().__init__(message)
        self.uid = uid
        self.task = task
        self.worker = worker


class RemoteError(TaskError):
    """Replaces an exception of another process that cannot be pickled or loaded.

    It also replaces SystemExit and KeyboardInterrupt of a method, which end nothing here.

    Attributes:
        type_name: The type of the exception.
        traceback: Its traceback, as text.
    """

    def __init__(self, message: str, *, type_name: str = "", traceback: str = "") -> None:
        super().__init__(message)
        self.type_name = type_name
        self.traceback = traceback


class DependencyError(TaskError):
    """A task did not run, because a task or value that it needs failed; see `__cause__`."""


class RuntimeDisconnectedError(TaskError):
    """The process that owes the answer is gone.

    Attributes:
        reason: How it ended, if that is known.
    """

    reason: LossReason | None = None


class TaskTimeoutError(TaskError, TimeoutError):
    """A task did not end within its timeout, and was cancelled."""


class MemoryOverflowError(TaskError, MemoryError):
    """The arguments of a task do not fit in the memory of its worker."""


class SerialisationError(TaskError, TypeError):
    """An object cannot be pickled; the message names the part that is responsible."""


def disconnected(
    worker: str, reason: LossReason | None, *, uid: str = "", task: str = "", lost_workers: int = 0
) -> RuntimeDisconnectedError:
    """Return the error of a task, or another request, whose worker is gone.

    Args:
        worker: Uid of the worker.
        reason: How it ended, if that is known.
        uid: Uid of the task.
        task: The function or method that it ran.
        lost_workers: How many workers have died while they ran it.
    """
    parts = [f"{worker} is gone" + (f": it {reason}" if reason is not None else "")]
    if task:
        parts.append(f", while it had task {task}")
    if lost_workers > 1:
        parts.append(f"; {lost_workers} workers have died while they ran this task")
    if reason is not None and reason.last_lines:
        parts.append(". Its last lines on standard error:\n" + "\n".join(reason.last_lines))
    error = RuntimeDisconnectedError("".join(parts), uid=uid, task=task, worker=worker)
    error.reason = reason
    return error
