"""The event loop of a process, as users get it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


class EventLoop:
    """Wraps an asyncio loop.

    Args:
        asyncio_loop: The loop.
    """

    def __init__(self, asyncio_loop: asyncio.AbstractEventLoop) -> None:
        self._loop = asyncio_loop
        self._repeating: set[asyncio.Future[object]] = set()

    def get_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return the asyncio loop."""
        return self._loop

    def run(self, f: Callable[..., Any], *args: object, **kwargs: object) -> Any:  # noqa: ANN401
        """Schedule a function, or run it to completion if the loop is not running.

        Returns:
            A future of its result, or the result.
        """
        work = _call(f, *args, **kwargs)
        if not self._loop.is_running():
            return self._loop.run_until_complete(work)
        if _is_running_here(self._loop):
            return self._loop.create_task(work)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run_in_executor(self, f: Callable[..., Result], *args: object) -> Awaitable[Result]:
        """Run a function on a thread, and return a future of its result."""
        return self._loop.run_in_executor(None, lambda: f(*args))

    def timeout(self, f: Callable[..., object], seconds: float) -> asyncio.TimerHandle:
        """Call a function, or coroutine function, once after some seconds."""
        return self._loop.call_later(seconds, lambda: self._keep(_call(f)))

    def interval(self, f: Callable[..., object], seconds: float) -> asyncio.Future[object]:
        """Call a function again and again, until the future that this returns is cancelled."""

        async def repeat() -> object:
            while True:
                await asyncio.sleep(seconds)
                await _call(f)

        return self._keep(repeat())

    def close(self) -> None:
        """Cancel what was scheduled."""
        for future in list(self._repeating):
            future.cancel()

    def _keep(self, work: Any) -> asyncio.Future[object]:  # noqa: ANN401
        future: asyncio.Future[object] = self._loop.create_task(work)
        self._repeating.add(future)
        future.add_done_callback(self._repeating.discard)
        return future


async def _call(f: Callable[..., Any], *args: object, **kwargs: object) -> Any:  # noqa: ANN401
    made = f(*args, **kwargs)
    return await made if asyncio.iscoroutine(made) else made


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
