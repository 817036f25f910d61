"""One run of an item of a parallel loop, and the tasks that it has created."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

from application.runtime.task import Task
from domain.runtime.worker_lending import WorkerLending


class LoopItem:
    """One run of an item.

    Args:
        owner: The service of the process that runs the loop.
        lending: Lends workers to the loop, and to loops inside of this item.
        worker: Uid of the worker that the item has borrowed.
    """

    def __init__(self, owner: object, lending: WorkerLending, worker: str) -> None:
        self.owner = owner
        self.lending = lending
        self.worker = worker
        self._incomplete: dict[Task, asyncio.Future[None]] = {}

    @property
    def incomplete(self) -> list[asyncio.Future[None]]:
        """Completes when all tasks that the item has created are complete."""
        return list(self._incomplete.values())

    def add(self, task: Task, completion: asyncio.Future[None]) -> None:
        """Add a task that it has created.

        Args:
            task: The task.
            completion: Ends with the task, and with those that the task has created.
        """
        self._incomplete[task] = completion
        completion.add_done_callback(lambda _: self._incomplete.pop(task, None))

    def cancel_tasks(self) -> None:
        """Cancel the tasks that it has created, and that have not ended."""
        for task in list(self._incomplete):
            task.cancel()


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
