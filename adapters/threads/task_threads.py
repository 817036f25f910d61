"""Threads for the methods of actors: as many as run at the same time, reused when idle."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from queue import SimpleQueue
from typing import Generic, TypeAlias, TypeVar, final

from application.interfaces.task_threads import TaskThreads

Result = TypeVar("Result")


class _Job(Generic[Result]):
    """A function to run, and the future of its result."""

    def __init__(self, function: Callable[[], Result], loop: asyncio.AbstractEventLoop) -> None:
        self.future: asyncio.Future[Result] = loop.create_future()
        self._function = function
        self._loop = loop
        self._context: Context = copy_context()

    def run(self, finished: Callable[[], None]) -> bool:
        """Run the function on this thread; return whether its loop still runs."""
        result: Result | None = None
        error: BaseException | None = None
        try:
            result = self._context.run(self._function)
        except BaseException as raised:  # noqa: BLE001 - the await raises it
            error = raised
        try:
            self._loop.call_soon_threadsafe(self._settle, result, error, finished)
        except RuntimeError:
            return False  # The loop is closed, so nothing awaits the result.
        return True

    def _settle(
        self, result: Result | None, error: BaseException | None, finished: Callable[[], None]
    ) -> None:
        finished()
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)  # type: ignore[arg-type]
        elif isinstance(error, StopIteration):
            # A future refuses StopIteration; a coroutine turns it into a RuntimeError too.
            msg = "the function raised StopIteration"
            self.future.set_exception(RuntimeError(msg))
        else:
            self.future.set_exception(error)


class _Series(Generic[Result]):
    """A function to run several times."""

    def __init__(
        self,
        step: Callable[[], tuple[Result, bool]],
        done: Callable[[Result, bool], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._step = step
        self._done = done
        self._loop = loop
        self._context: Context = copy_context()
        self._results: deque[tuple[Result, bool]] = deque()
        self._is_woken = False

    def run(self, finished: Callable[[], None]) -> bool:
        """Run the function on this thread; return whether its loop still runs."""
        goes_on = True
        while goes_on:
            item = self._context.copy().run(self._step)
            goes_on = item[1]
            self._results.append(item)
            del item  # It may be large.
            if self._is_woken:
                continue
            self._is_woken = True
            try:
                self._loop.call_soon_threadsafe(self._deliver, finished)
            except RuntimeError:
                return False  # The loop is closed, so nothing awaits the results.
        return True

    def _deliver(self, finished: Callable[[], None]) -> None:
        # Before the results are taken, so that the thread wakes the loop for a later one.
        self._is_woken = False
        while self._results:
            result, goes_on = self._results.popleft()
            if not goes_on:
                finished()
            self._done(result, goes_on)


_Jobs: TypeAlias = "SimpleQueue[_Job[object] | _Series[object] | None]"
"""The jobs of one thread; None ends it."""


@final
class PooledTaskThreads(TaskThreads):
    """Starts a thread when none is idle.

    The threads are daemons, because a function that never returns must not keep the process.
    """

    def __init__(self) -> None:
        self._idle: list[_Jobs] = []
        self._threads: list[tuple[_Jobs, threading.Thread]] = []
        self._closed = False
        self._started = 0

    def run(self, function: Callable[[], Result]) -> Awaitable[Result]:
        """Hand the function to an idle thread, or a new one."""
        job = _Job(function, asyncio.get_running_loop())
        self._hand_over(job)  # type: ignore[arg-type]
        return job.future

    def run_series(
        self, step: Callable[[], tuple[Result, bool]], done: Callable[[Result, bool], None]
    ) -> None:
        """Hand the function to an idle thread, or a new one."""
        self._hand_over(_Series(step, done, asyncio.get_running_loop()))  # type: ignore[arg-type]

    def new_lock(self) -> AbstractContextManager[object]:
        """Return a lock of `threading`."""
        return threading.Lock()

    def close(self) -> None:
        """End the idle threads and join them; the others end after their function."""
        self._closed = True
        for jobs, thread in self._threads:
            jobs.put(None)
            if jobs in self._idle:
                thread.join()
        self._idle.clear()
        self._threads.clear()

    def _hand_over(self, job: _Job[object] | _Series[object]) -> None:
        jobs = self._idle.pop() if self._idle else self._start_thread()
        jobs.put(job)

    def _start_thread(self) -> _Jobs:
        jobs: _Jobs = SimpleQueue()
        self._started += 1
        thread = threading.Thread(
            target=self._work, args=(jobs,), name=f"task-{self._started}", daemon=True
        )
        self._threads.append((jobs, thread))
        thread.start()
        return jobs

    def _work(self, jobs: _Jobs) -> None:
        while (job := jobs.get()) is not None:
            if not job.run(lambda: self._finished(jobs)):
                return
            del job  # It holds the result, which may be large.

    def _finished(self, jobs: _Jobs) -> None:
        """Make a thread available again. Called on the loop's thread."""
        if not self._closed:
            self._idle.append(jobs)
