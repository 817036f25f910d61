"""Parallel loops."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator, Iterable, Sized
from typing import Generic, TypeVar

from application.interfaces.progress_bars import ProgressBar, ProgressBars
from application.runtime.barrier import Barrier
from application.runtime.comms import Comms
from application.runtime.correspondence import Correspondence
from application.runtime.loop_item import current_item
from application.runtime.loop_run import Body, LoopOptions, LoopRun, LoopSurroundings
from application.runtime.members import Members
from application.runtime.replacement import Replacement
from application.runtime.task import Task
from application.runtime.tasks import Tasks
from domain.runtime.hosts import LossReason
from domain.runtime.task_errors import disconnected
from domain.runtime.uids import WORKER, role_of
from domain.runtime.worker_lending import WorkerLending

Result = TypeVar("Result")


class Loops:
    """Runs the parallel loops of this process.

    Args:
        tasks: Reports the tasks that items create.
        barrier: Waits for them.
        members: The workers.
        comms: Has their proxies.
        correspondence: Has the reasons of losses.
        bars: Draws progress.
        replacement: Replaces lost workers.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        barrier: Barrier,
        members: Members,
        comms: Comms,
        correspondence: Correspondence,
        bars: ProgressBars,
        replacement: Replacement,
    ) -> None:
        self._barrier = barrier
        self._members = members
        self._comms = comms
        self._correspondence = correspondence
        self._bars = bars
        self._replacement = replacement
        self._runs: list[LoopRun] = []
        tasks.notify(self._task_added)
        members.notify(joined=self._joined, left=self._left)

    def async_for(
        self,
        *iterables: Iterable[object],
        safe: bool = True,
        timeout: float | None = None,
        max_await: int | None = None,
        ordered: bool = True,
        progress: bool = False,
        newcomers: bool = False,
    ) -> Callable[[Callable[..., Awaitable[Result]]], Loop[Result]]:
        """Run a coroutine function for many items, each with a worker of its own meanwhile.

        Example:
            ::

                @runtime.async_for(range(10))
                async def loop(worker, i):
                    return await farm.of(i, runtime=worker).result()

                squares = await loop

        Args:
            iterables: The items; several are combined as by `zip`, up to the end of the shortest.
            safe: Run an item whose worker is lost again, up to three times.
            timeout: Seconds after which the loop is cancelled.
            max_await: End when so many items are done, and cancel the others.
            ordered: Return results in the order of the items, instead of as they end.
            progress: Draw a bar.
            newcomers: Let workers that join after the beginning take items too.

        Returns:
            A decorator. It returns what runs the loop when it is awaited: the await returns the
            results, or raises the first error, after all other items were cancelled.

        Raises:
            TypeError: There is nothing to iterate over.
            ValueError: `max_await` is negative.
        """
        if not iterables:
            msg = "async_for needs something to iterate over, such as async_for(range(10))"
            raise TypeError(msg)
        if max_await is not None and max_await < 0:
            msg = f"max_await is {max_await}, but must not be negative"
            raise ValueError(msg)
        options = LoopOptions(
            is_safe=safe,
            timeout=timeout,
            most_results=max_await,
            is_ordered=ordered,
            shows_progress=progress,
            takes_newcomers=newcomers,
        )

        def decorate(body: Callable[..., Awaitable[Result]]) -> Loop[Result]:
            if not inspect.iscoroutinefunction(body):
                msg = f"async_for runs a coroutine function: write `async def {body.__name__}`"
                raise TypeError(msg)
            return Loop(lambda: self._run(body, iterables, options), body.__name__)

        return decorate

    async def _run(
        self, body: Body, iterables: tuple[Iterable[object], ...], options: LoopOptions
    ) -> tuple[list[object], BaseException | None]:
        outer = current_item(self)
        lending = WorkerLending() if outer is None else outer.lending
        share = lending.join(self._members.workers(), outer=None if outer is None else outer.worker)
        around = LoopSurroundings(
            owner=self,
            barrier=self._barrier,
            lending=lending,
            serve=lambda: self._serve(lending),
            worker_for=self._comms.registered,
            is_live=self._members.is_live,
            replaced=self._replacement.settled,
            loss_of=lambda worker: disconnected(worker, self._correspondence.reason(worker)),
        )
        bar = self._new_bar(body, iterables) if options.shows_progress else None
        try:
            run = LoopRun(
                body,
                zip(*iterables, strict=False),
                options,
                around,
                share,
                bar=bar,
            )
            self._runs.append(run)
            try:
                error = await run.run()
            finally:
                self._runs.remove(run)
        finally:
            lending.leave(share)
            if bar is not None:
                bar.close()
        return run.results, error

    def _new_bar(self, body: Body, iterables: tuple[Iterable[object], ...]) -> ProgressBar:
        sizes = [len(item) for item in iterables if isinstance(item, Sized)]
        return self._bars.open(body.__name__, min(sizes) if sizes else None)

    def _serve(self, lending: WorkerLending) -> None:
        for share in lending.by_need():
            for run in self._runs:
                if run.share is share:
                    run.fill()

    def _task_added(self, task: Task) -> None:
        item = current_item(self)
        if item is not None:
            item.add(task)

    def _joined(self, uid: str) -> None:
        if role_of(uid) == WORKER:
            for run in list(self._runs):
                run.worker_joined(uid)
                run.fill()

    def _left(self, uid: str, reason: LossReason | None) -> None:
        del reason
        for run in list(self._runs):
            run.worker_left(uid)
            run.fill()


class Loop(Generic[Result]):
    """A parallel loop: the first await runs it, and each await returns the results.

    Args:
        run: Runs it, and returns results and error.
        name: Description of the task.
    """

    def __init__(
        self, run: Callable[[], Awaitable[tuple[list[object], BaseException | None]]], name: str
    ) -> None:
        self._run = run
        self._name = name
        self._running: asyncio.Future[tuple[list[object], BaseException | None]] | None = None

    def __repr__(self) -> str:
        return f"<Loop {self._name}>"

    def __await__(self) -> Generator[object, None, list[Result]]:
        """Run it, and return the results.

        Raises:
            Exception: The first error of an item.
            TimeoutError: It did not end in time.
            RuntimeDisconnectedError: The worker of an item is lost, and the item does not run
                again.
            TaskError: No worker is left.
        """
        if self._running is None:
            self._running = asyncio.ensure_future(self._run())
        results, error = yield from self._running.__await__()
        if error is not None:
            raise error
        return results  # type: ignore[return-value]
