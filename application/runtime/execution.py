"""Runs the methods of users, on the event loop or on a thread."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from types import FunctionType

from application.interfaces.task_threads import TaskThreads
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.running_task import RunningTask, enter_task

FUNCTIONS = "functions"
"""The row of free functions in the profile."""

ASYNC_FUNCTIONS = "async functions"
"""The row of those that run beside each other."""


_ASYNC = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Execution:
    """Runs functions: coroutine functions on the loop, all others on a thread each.

    Args:
        threads: The threads.
        profile: Gets the runs.
    """

    def __init__(self, *, threads: TaskThreads, profile: ProfileBuffer) -> None:
        self._threads = threads
        self._profile = profile

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
            Exception: The exception of the function.
        """
        start, row = self._profile.now(), task.actor or _row_of(function)
        line = self._profile.begin(row)
        try:
            return await self._run(function, args, keywords, task, started)
        finally:
            self._profile.end(name_of(function), "task", start, row=row, line=line)

    async def _run(
        self,
        function: Callable[..., object],
        args: Sequence[object],
        keywords: Mapping[str, object],
        task: RunningTask,
        started: Callable[[asyncio.Task[object]], None] | None,
    ) -> object:
        if _is_async(function):
            made = function(*args, **keywords)
        else:
            made = await self._on_thread(function, args, keywords, task)
        return await self.go_on(made, task, started)

    async def go_on(
        self,
        made: object,
        task: RunningTask,
        started: Callable[[asyncio.Task[object]], None] | None = None,
    ) -> object:
        """Run what a function returned, if that is a coroutine.

        Args:
            made: What it returned.
            task: The task that it belongs to.
            started: Called with what cancels it.
        """
        if not inspect.iscoroutine(made):  # Tasks and references are results.
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


def _row_of(function: Callable[..., object]) -> str:
    return ASYNC_FUNCTIONS if inspect.iscoroutinefunction(function) else FUNCTIONS


def _is_async(function: Callable[..., object]) -> bool:
    if inspect.isclass(function):
        return False
    called = function if inspect.isroutine(function) else getattr(function, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


def is_sync(function: object) -> bool:
    """Whether a value is a Python function, and certainly not an async one."""
    return isinstance(function, FunctionType) and not function.__code__.co_flags & _ASYNC


def name_of(function: Callable[..., object]) -> str:
    """Return the name of a function, method or class in the profile."""
    name: str = getattr(function, "__qualname__", "") or type(function).__qualname__
    name = name.rpartition("<locals>.")[2]
    return f"{name}.__init__" if inspect.isclass(function) else name
