"""The task that runs the current code."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunningTask:
    """A task that runs in this process.

    Attributes:
        uid: Its uid.
        actor: Uid of the actor that runs it; empty for a free function.
        is_exclusive: Whether the actor runs no other task meanwhile.
    """

    uid: str
    actor: str = ""
    is_exclusive: bool = False


_task: ContextVar[RunningTask | None] = ContextVar("conjoin_task", default=None)


def running_task() -> RunningTask | None:
    """Return the task that runs the current code; None outside of tasks."""
    return _task.get()


def enter_task(task: RunningTask) -> None:
    """Let the rest of this context be run by a task."""
    _task.set(task)
