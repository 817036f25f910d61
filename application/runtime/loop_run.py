"""One run of a parallel loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from application.interfaces.progress_bars import ProgressBar
from application.runtime.barrier import Barrier
from application.runtime.loop_attempts import LoopAttempts
from application.runtime.loop_item import LoopItem, enter_item
from domain.runtime.item_loop import CancelItem, Instruction, ItemLoop, StartItem
from domain.runtime.task_errors import RuntimeDisconnectedError, TaskTimeoutError
from domain.runtime.worker_lending import WorkerLending, WorkerShare

_RAISED = (Exception, asyncio.CancelledError, SystemExit, KeyboardInterrupt)
"""Exceptions of an item that end the loop, and that its await raises."""

Body = Callable[..., Awaitable[object]]


@dataclass(frozen=True, slots=True)
class LoopOptions:
    """Options of a loop.

    Attributes:
        is_safe: Whether an item whose worker is lost runs again.
        timeout: Seconds after which it fails.
        most_results: The number of done items at which it ends; None for all.
        is_ordered: Whether results are in the order of the items, instead of as completed.
        shows_progress: Whether a bar is drawn.
        takes_newcomers: Whether workers that join later take items too.
    """

    is_safe: bool = True
    timeout: float | None = None
    most_results: int | None = None
    is_ordered: bool = True
    shows_progress: bool = False
    takes_newcomers: bool = False


@dataclass(frozen=True, slots=True)
class LoopSurroundings:
    """Services that a loop uses.

    Attributes:
        owner: The service that runs the loops of the process.
        barrier: Reports which tasks are complete.
        lending: Lends the workers.
        serve: Lets all loops of `lending` start items, in the order of their need.
        worker_for: Returns what the body gets as its worker.
        is_live: Whether a worker is alive.
        loss_of: Returns the error of a worker that is lost.
        replaced: Waits until no worker is being started again.
    """

    owner: object
    barrier: Barrier
    lending: WorkerLending
    serve: Callable[[], None]
    worker_for: Callable[[str], object]
    is_live: Callable[[str], bool]
    loss_of: Callable[[str], RuntimeDisconnectedError]
    replaced: Callable[[], Coroutine[Any, Any, None]]


class LoopRun:
    """Runs the items of one loop.

    Args:
        body: Called with a worker and an item.
        items: The items, each as the arguments of the body.
        options: Options of the user.
        surroundings: The process.
        share: The workers that it may borrow.
        bar: Shows its progress.
    """

    def __init__(
        self,
        body: Body,
        items: Iterable[tuple[object, ...]],
        options: LoopOptions,
        surroundings: LoopSurroundings,
        share: WorkerShare,
        *,
        bar: ProgressBar | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._body = body
        self._items: Iterator[tuple[object, ...]] = iter(items)
        self._options = options
        self._around = surroundings
        self.share = share
        self._bar = bar
        self._arguments: dict[int, tuple[object, ...]] = {}
        self._taken = 0
        self._results: dict[int, object] = {}
        self._attempts = LoopAttempts()
        self._context = copy_context()
        self._following: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[BaseException | None] = loop.create_future()
        self._late: asyncio.Future[None] = loop.create_future()
        self._machine = ItemLoop(
            share,
            take=self._take,
            most_results=options.most_results,
            is_safe=options.is_safe,
            is_open=options.takes_newcomers,
        )

    @property
    def results(self) -> list[object]:
        """The results of the items that are done, in the order that the user chose."""
        done = self._machine.done_items
        order = sorted(done) if self._options.is_ordered else done
        return [self._results[item] for item in order]

    async def run(self) -> BaseException | None:
        """Run all items to their end, and return the error of the loop, if it failed.

        The error is returned instead of raised, because it may be the CancelledError of a task,
        which is not the cancellation of this coroutine.

        Raises:
            asyncio.CancelledError: The loop was cancelled.
        """
        loop = asyncio.get_running_loop()
        timeout = self._options.timeout
        timer = None if timeout is None else loop.call_later(timeout, self._time_out)
        try:
            self._follow_replacement()
            self._around.serve()
            error = await self._over
            await self._end_items()
            if error is None:
                error = await self._wait_for_tasks()
        except asyncio.CancelledError:
            self._carry_out(self._machine.stop(None))
            await self._end_items()
            self._attempts.cancel_leftovers()
            raise
        finally:
            if timer is not None:
                timer.cancel()
            for following in self._following:
                following.cancel()
        if error is not None:
            self._attempts.cancel_leftovers()
        return error

    def fill(self) -> None:
        """Start items, if workers are free."""
        self._carry_out(self._machine.fill())

    def worker_joined(self, worker: str) -> None:
        """Add a worker."""
        self._machine.worker_joined(worker)

    def worker_left(self, worker: str) -> None:
        """Remove a worker."""
        self._machine.worker_left(worker)
        self._follow_replacement()

    def _follow_replacement(self) -> None:
        """If no worker is left, end the loop as soon as it is certain that none will join."""
        if self._options.takes_newcomers and not self.share.has_workers:
            following = asyncio.get_running_loop().create_task(self._end_without_workers())
            self._following.add(following)
            following.add_done_callback(self._following.discard)

    async def _end_without_workers(self) -> None:
        await self._around.replaced()
        if not self.share.has_workers:
            self._machine.close()
            self._around.serve()

    def _take(self) -> bool:
        for arguments in self._items:
            self._arguments[self._taken] = arguments
            self._taken += 1
            return True
        return False

    def _carry_out(self, instructions: Iterable[Instruction]) -> None:
        for instruction in instructions:
            if isinstance(instruction, StartItem):
                self._start(instruction.item, instruction.worker)
            elif isinstance(instruction, CancelItem):
                self._attempts.cancel(instruction.item)
            # The cancellation of its await has cancelled the future.
            elif not self._over.done():
                self._over.set_result(instruction.error)

    def _start(self, item: int, worker: str) -> None:
        around = self._around
        attempt = LoopItem(around.owner, around.lending, worker, around.barrier)
        # Not in the context of the item whose end makes this one start.
        self._context.run(self._attempts.start, item, attempt, self._run_item(item, attempt))

    async def _run_item(self, item: int, attempt: LoopItem) -> None:
        enter_item(attempt)
        try:
            worker = self._around.worker_for(attempt.worker)
            result = await self._body(worker, *self._arguments[item])
        except _RAISED as error:
            # Not raised here: SystemExit in a task stops the event loop at once.
            self._failed(item, attempt, error)
        else:
            self._done(item, result)
        if not self._machine.is_over:
            self._around.serve()

    def _done(self, item: int, result: object) -> None:
        if self._machine.is_over:
            return
        self._results[item] = result
        self._attempts.ended(item)
        self._arguments.pop(item, None)
        if self._bar is not None:
            self._bar.advance()
        self._carry_out(self._machine.done(item))

    def _failed(self, item: int, attempt: LoopItem, error: BaseException) -> None:
        if self._machine.is_over:
            return
        self._attempts.ended(item)
        if isinstance(error, Exception) and not self._around.is_live(attempt.worker):
            self._carry_out(self._machine.lost(item, _loss(error, attempt.worker, self._around)))
        else:
            self._carry_out(self._machine.failed(item, error))

    def _time_out(self) -> None:
        self._late.set_result(None)
        self._carry_out(self._machine.stop(_timeout_error(self._options.timeout)))

    async def _end_items(self) -> None:
        """Wait for the items that were cancelled, and give their workers back.

        Raises:
            asyncio.CancelledError: The loop was cancelled meanwhile.
        """
        try:
            await self._attempts.end()
        finally:
            self._around.lending.leave(self.share)
            self._around.serve()

    async def _wait_for_tasks(self) -> BaseException | None:
        """Wait until the tasks are complete that the items did not wait for."""
        waiters = self._attempts.incomplete
        if not waiters:
            return None
        complete: asyncio.Future[Any] = asyncio.gather(*waiters)
        await asyncio.wait([complete, self._late], return_when=asyncio.FIRST_COMPLETED)
        return None if complete.done() else _timeout_error(self._options.timeout)


def _timeout_error(timeout: float | None) -> TaskTimeoutError:
    return TaskTimeoutError(f"The loop did not end within {timeout} s")


def _loss(error: BaseException, worker: str, surroundings: LoopSurroundings) -> BaseException:
    """Return the error of an item whose worker is lost.

    It is a KeyError if the item used its worker only later.
    """
    if not isinstance(error, KeyError):
        return error
    loss = surroundings.loss_of(worker)
    loss.__cause__ = error
    return loss
