"""Runs the methods of users, on the event loop or on a thread."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context

from application.interfaces.task_threads import TaskThreads
from application.runtime.running_task import RunningTask, enter_task


class Execution:
    """Runs functions: coroutine functions on the loop, all others on a thread each.

    Args:
        threads: The threads.
    """

    def __init__(self, *, threads: TaskThreads) -> None:
        self._threads = threads

    async def run(
        self,
        function: Callable[..., object],
        args: Sequence[object],
        keywords: Mapping[str, object],
        *,
        task: RunningTask,
        started: Callable[[asyncio.Task[object]], None] | None = None,
    ) -> object:
        """Run a function, and return its result.

        Args:
            function: The function.
            args: Its positional arguments.
            keywords: Its keyword arguments.
            task: The task that it belongs to.
            started: Called with what cancels it, if it is a coroutine.

        Raises:
            Exception: What the function raised.
        """
        if _is_async(function):
            made = function(*args, **keywords)
        else:
            made = await self._on_thread(function, args, keywords, task)
        if not inspect.isawaitable(made) or not _is_coroutine(made):
            return made
        context = copy_context()
        context.run(enter_task, task)
        running = context.run(asyncio.ensure_future, made)
        if started is not None:
            started(running)
        return await running

    async def _on_thread(
        self,
        function: Callable[..., object],
        args: Sequence[object],
        keywords: Mapping[str, object],
        task: RunningTask,
    ) -> object:
        def work() -> object:
            enter_task(task)
            return function(*args, **keywords)

        return await self._threads.run(work)


def _is_async(function: Callable[..., object]) -> bool:
    if inspect.isclass(function):
        return False
    called = function if inspect.isroutine(function) else getattr(function, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


def _is_coroutine(made: object) -> bool:
    """Whether it must be awaited here; tasks and references are results."""
    return inspect.iscoroutine(made)
