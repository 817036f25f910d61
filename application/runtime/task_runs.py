"""The tasks that are at their workers: a coroutine waits for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from application.runtime.again import Again
from application.runtime.outcomes import Failed, Outcome
from application.runtime.task import Task
from domain.runtime.task_errors import TaskError


class TaskRuns:
    """Runs the coroutine of each task.

    Args:
        ended: Called with its outcome.
    """

    def __init__(self, *, ended: Callable[[Task, Outcome | Again], None]) -> None:
        self._ended = ended
        self._running: dict[str, asyncio.Task[None]] = {}
        self._aside: set[asyncio.Task[None]] = set()

    def has(self, task: Task) -> bool:
        """Return whether the coroutine of a task runs."""
        return task.uid in self._running

    def start(self, task: Task, work: Coroutine[Any, Any, Outcome | Again]) -> None:
        """Run the coroutine of a task."""
        self._running[task.uid] = asyncio.get_running_loop().create_task(self._run(task, work))

    def start_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine whose end nothing waits for."""
        running = asyncio.get_running_loop().create_task(work)
        self._aside.add(running)
        running.add_done_callback(self._aside.discard)

    async def close(self) -> None:
        """Cancel all coroutines."""
        running = [*self._running.values(), *self._aside]
        for item in running:
            item.cancel()
        if running:
            await asyncio.wait(running)

    async def _run(self, task: Task, work: Coroutine[Any, Any, Outcome | Again]) -> None:
        outcome: Outcome | Again
        try:
            outcome = await work
        except asyncio.CancelledError:
            self._running.pop(task.uid, None)
            raise
        except Exception as error:  # noqa: BLE001 - the await of the task raises it
            outcome = Failed(_without_frames(error))
        self._running.pop(task.uid, None)
        self._ended(task, outcome)


def _without_frames(error: Exception) -> Exception:
    """Drop the frames of this package from an error, which would keep the arguments alive."""
    if isinstance(error, TaskError):
        error.__traceback__ = error.__context__ = None
    return error
