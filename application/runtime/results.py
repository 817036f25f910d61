"""Loads results of tasks, and waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from application.runtime.outcomes import Content, Inline
from application.runtime.packing import Packing
from application.runtime.task import Task
from domain.runtime.payloads import EngineValue

Watch = Callable[[Task, asyncio.Future[None]], Awaitable[None]]


class ResultLoader:
    """Loads the results of tasks.

    Args:
        packing: Unpickles.
        load_value: Loads a stored value.
    """

    def __init__(
        self, *, packing: Packing, load_value: Callable[[EngineValue], Awaitable[object]]
    ) -> None:
        self._packing = packing
        self._load_value = load_value
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: Watch | None = None
        self._call: Callable[[Task, str], Callable[..., Task]] | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use an event loop, which runs already or soon."""
        self._loop = loop

    def use(
        self,
        *,
        watch: Watch | None = None,
        call: Callable[[Task, str], Callable[..., Task]] | None = None,
    ) -> None:
        """Use services that are created later.

        Args:
            watch: Returns what to await instead of a waiter of a task.
            call: Returns what calls a method of the result of a task where the result is.
        """
        self._watch = watch or self._watch
        self._call = call or self._call

    async def load(self, content: Content) -> object:
        """Return the value of a result.

        Raises:
            KeyError: It has been dropped.
        """
        if isinstance(content, Inline):
            # Its task has loaded it already, if there are proxies in it.
            return self._packing.unpack_simple(content.payload)
        return await self._load_value(content.value)

    def call_on_result(self, task: Task, method: str) -> Callable[..., Task]:
        """Return what calls a method of the result, where the result is."""
        assert self._call is not None
        return self._call(task, method)

    def watch(self, task: Task, waiter: asyncio.Future[None]) -> Awaitable[None]:
        """Return what to await instead of a waiter of a task."""
        return waiter if self._watch is None else self._watch(task, waiter)

    def block(self, task: Task, timeout: float | None) -> Task:
        """Block this thread until a task is done.

        Raises:
            RuntimeError: This is the thread of the event loop.
            TimeoutError: It did not end in time.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            msg = f"wait() of {task.name} would block the event loop: use `await`"
            raise RuntimeError(msg)
        assert self._loop is not None

        async def wait() -> Task:
            return await asyncio.wait_for(_await(task), timeout)

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result()


async def _await(task: Task) -> Task:
    return await task
