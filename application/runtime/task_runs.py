"""The tasks that are at their workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from application.runtime.again import Again
from application.runtime.outcomes import Failed, Outcome
from application.runtime.task import Task
from domain.runtime.task_errors import TaskError

Work = Callable[[], Coroutine[Any, Any, "Outcome | Again"]]
Ended = Callable[[Task, "Outcome | Again"], None]


class Run:
    """One attempt to run a task. A call of an actor needs no coroutine, but a future.

    Attributes:
        task: The task.
    """

    __slots__ = ("_ended", "_runs", "_waits_for", "task")

    def __init__(self, task: Task, runs: dict[str, Run], ended: Ended) -> None:
        self.task = task
        self._runs = runs
        self._ended = ended
        self._waits_for: asyncio.Future[Any] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or was cancelled."""
        return self._runs.get(self.task.uid) is not self

    def wait_for(self, future: asyncio.Future[Any]) -> None:
        """Record what ends, or continues, this attempt, and what `cancel` cancels."""
        self._waits_for = future

    def go_on(self, work: Work) -> None:
        """Run a coroutine function to the end of the attempt."""
        self._waits_for = asyncio.get_running_loop().create_task(self._go_on(work))

    def end(self, outcome: Outcome | Again | Exception) -> None:
        """End the attempt with the outcome, or the error, of the task."""
        if self.is_over:
            return
        del self._runs[self.task.uid]
        if isinstance(outcome, Exception):
            outcome = Failed(_without_frames(outcome))
        self._ended(self.task, outcome)

    def cancel(self) -> asyncio.Future[Any] | None:
        """End the attempt without an outcome, and return what ends when that is done."""
        if not self.is_over:
            del self._runs[self.task.uid]
        if self._waits_for is not None:
            self._waits_for.cancel()
        return self._waits_for

    async def _go_on(self, work: Work) -> None:
        outcome: Outcome | Again | Exception
        try:
            outcome = await work()
        except asyncio.CancelledError:
            if not self.is_over:
                del self._runs[self.task.uid]
            raise
        except Exception as error:  # noqa: BLE001 - the await of the task raises it
            outcome = error
        self.end(outcome)


class TaskRuns:
    """Runs tasks.

    Args:
        ended: Called with each task that has ended, and its outcome.
    """

    def __init__(self, *, ended: Ended) -> None:
        self._ended = ended
        self._running: dict[str, Run] = {}
        self._aside: set[asyncio.Task[None]] = set()

    def has(self, task: Task) -> bool:
        """Return whether a task runs."""
        return task.uid in self._running

    def start(self, task: Task, begin: Callable[[Run], None]) -> None:
        """Run a task.

        Args:
            task: The task.
            begin: Begins the attempt; if it raises an error, that is the error of the task.
        """
        run = self._running[task.uid] = Run(task, self._running, self._ended)
        try:
            begin(run)
        except Exception as error:  # noqa: BLE001 - the await of the task raises it
            run.go_on(partial(_raise, error))

    def start_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine whose end nothing waits for."""
        running = asyncio.get_running_loop().create_task(work)
        self._aside.add(running)
        running.add_done_callback(self._aside.discard)

    async def close(self) -> None:
        """Cancel everything."""
        ends = [run.cancel() for run in list(self._running.values())]
        for item in self._aside:
            item.cancel()
        pending = [item for item in [*ends, *self._aside] if item is not None]
        if pending:
            await asyncio.wait(pending)


async def _raise(error: Exception) -> Outcome:
    raise error


def _without_frames(error: Exception) -> Exception:
    """Drop the frames of this package from an error, which would keep the arguments alive."""
    if isinstance(error, TaskError):
        error.__traceback__ = error.__context__ = None
    return error
