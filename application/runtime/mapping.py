"""A function for many items, with a limited number of tasks at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from application.runtime.functions import Functions
from application.runtime.members import Members
from application.runtime.task import Task
from domain.runtime.options import CallOptions

TASKS_PER_WORKER = 2
"""The number of tasks in flight, by default: while one runs, the next is at the worker already."""


class ItemMapping:
    """Maps functions over items.

    Args:
        functions: Runs functions on workers.
        members: The workers.
    """

    def __init__(self, *, functions: Functions, members: Members) -> None:
        self._functions = functions
        self._members = members

    def map(
        self,
        f: Callable[..., object],
        items: Iterable[object],
        in_flight: int | None = None,
        ordered: bool = True,
    ) -> AsyncIterator[object]:
        """Run a function on the workers for each item.

        It takes from the items only as it goes: a generator is not read ahead by more than
        `in_flight`. When the `async for` is left, the tasks that have not ended are cancelled.

        Example:
            ::

                async for square in runtime.map(square_of, range(1000)):
                    print(square)

        Args:
            f: The function, sync or async.
            items: Its arguments, one for each call.
            in_flight: The most tasks that are sent and not yet returned; by default, twice the
                number of workers.
            ordered: Return results in the order of the items, instead of as completed.

        Returns:
            An iterator over the results. It ends with the first error of a task.

        Raises:
            ValueError: `in_flight` is less than 1.
        """
        if in_flight is not None and in_flight < 1:
            msg = f"in_flight is {in_flight}, but must be at least 1"
            raise ValueError(msg)
        limit = in_flight or TASKS_PER_WORKER * max(1, len(self._members.workers()))
        tasks = (self._functions.submit_with(f, (item,), {}, CallOptions()) for item in items)
        return _results(tasks, limit, _Flight(is_ordered=ordered))


class _Flight:
    """The tasks that have been sent, and whose results were not returned yet."""

    def __init__(self, *, is_ordered: bool) -> None:
        self._tasks: dict[Task, None] = {}
        self._ended: asyncio.Queue[Task] | None = None if is_ordered else asyncio.Queue()

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, task: Task) -> None:
        """Add a task."""
        self._tasks[task] = None
        if self._ended is not None:
            task.add_done_callback(self._ended.put_nowait)

    async def take(self) -> Task:
        """Return the first task in order, or wait for the first one that ends, and remove it."""
        task = next(iter(self._tasks)) if self._ended is None else await self._ended.get()
        del self._tasks[task]
        return task

    def cancel(self) -> None:
        """Cancel all."""
        for task in self._tasks:
            task.cancel()


async def _results(tasks: Iterator[Task], limit: int, flight: _Flight) -> AsyncIterator[object]:
    """Return the results of tasks, each of which starts when it is taken."""
    try:
        while True:
            while len(flight) < limit and (task := next(tasks, None)) is not None:
                flight.add(task)
            if not len(flight):
                return
            task = await flight.take()
            try:
                yield await task.result()
            finally:
                task.cancel()
    finally:
        flight.cancel()
