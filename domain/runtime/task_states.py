"""States of a task."""

from __future__ import annotations

from enum import Enum


class TaskState(Enum):
    """The state of a task, as its owner sees it.

    PENDING tasks wait for their arguments, or for earlier calls of the same caller. QUEUED tasks
    have been sent to a worker, which runs them as soon as it can.
    """

    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the task has ended."""
        return self in _FINAL


_FINAL = frozenset({TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED})
