"""One run of an item of a parallel loop, and the tasks that it has created."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

from application.runtime.barrier import Barrier
from application.runtime.task import Task
from domain.runtime.worker_lending import WorkerLending

FEW_TASKS = 64
"""Tasks of an item to keep without a search for those that are complete."""


class LoopItem:
    """One run of an item.

    Args:
        owner: The service of the process that runs the loop.
        lending: Lends workers to the loop, and to loops inside of this item.
        worker: Uid of the worker that the item has borrowed.
        barrier: Reports which tasks are complete.
    """

    def __init__(
        self, owner: object, lending: WorkerLending, worker: str, barrier: Barrier
    ) -> None:
        self.owner = owner
        self.lending = lending
        self.worker = worker
        self._barrier = barrier
        self._tasks: list[Task] = []
        self._most_tasks = FEW_TASKS

    @property
    def is_complete(self) -> bool:
        """Whether all tasks that it has created are complete."""
        return not any(self._barrier.is_incomplete(task.uid) for task in self._tasks)

    @property
    def incomplete(self) -> list[asyncio.Future[None]]:
        """Futures that complete with the tasks that the item has created."""
        return [self._barrier.completion(task.uid) for task in self._incomplete_tasks()]

    def add(self, task: Task) -> None:
        """Add a task that it has created."""
        self._tasks.append(task)
        if len(self._tasks) > self._most_tasks:
            self._tasks = self._incomplete_tasks()
            self._most_tasks = max(FEW_TASKS, 2 * len(self._tasks))

    def cancel_tasks(self) -> None:
        """Cancel the tasks that it has created, and that have not ended."""
        for task in self._incomplete_tasks():
            task.cancel()

    def _incomplete_tasks(self) -> list[Task]:
        return [task for task in self._tasks if self._barrier.is_incomplete(task.uid)]


_item: ContextVar[LoopItem | None] = ContextVar("conjoin_loop_item", default=None)


def current_item(owner: object) -> LoopItem | None:
    """Return the item that the running code belongs to.

    Args:
        owner: The service of this process. Code of another process of the engine `inline` belongs
            to none of its items.
    """
    found = _item.get()
    return found if found is not None and found.owner is owner else None


def enter_item(item: LoopItem) -> None:
    """Let the rest of this context belong to an item."""
    _item.set(item)
