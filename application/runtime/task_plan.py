"""The plan of a task, before it is added."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from application.runtime.task import Task
from application.runtime.task_runs import Run


class Work(Protocol):
    """The work of a task."""

    def begin(self, run: Run) -> None:
        """Begin an attempt to run the task, which `run.end` ends, or returns to its queue.

        Called in the order in which the tasks of a lane are dispatched. Its error is that of the
        task.
        """

    async def cancel(self, task: Task, *, force: bool) -> None:
        """Cancel it where it runs."""


@dataclass(slots=True)
class Plan:
    """A task to add.

    Attributes:
        name: Its function or method, such as `Counter.add`.
        work: The work to do.
        lane: The lane that fixes its order; None if it has none.
        needs: The tasks that must be done first.
        timeout: Seconds after which it is cancelled.
        is_lazy: Whether it starts only when it is awaited, or needed.
        direct: Needs whose error is that of the task, instead of the cause of a DependencyError.
        uid: The uid of the task; a new one if it is empty.
        actor: Uid of the actor that it calls; empty if it calls none.
    """

    name: str
    work: Work
    lane: str | None = None
    needs: list[Task] = field(default_factory=list)
    timeout: float | None = None
    is_lazy: bool = False
    direct: tuple[Task, ...] = ()
    uid: str = ""
    actor: str = ""
