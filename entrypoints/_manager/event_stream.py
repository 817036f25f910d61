"""The events of a run as an asynchronous iterator."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol, final

from typing_extensions import Self, override

from domain.running.events import RunEvent, RunFinished


class Subscribe(Protocol):
    """Subscribes a callback to the events of a run."""

    def __call__(
        self, callback: Callable[[RunEvent], object], *, at_end: Callable[[], object]
    ) -> Callable[[], None]:
        """Return a function that ends the subscription."""


@final
class EventStream(AsyncIterator[RunEvent]):
    """Yields the events of a run, from its creation on; the last one is RunFinished.

    It must be created, and iterated over, in the same event loop.

    Args:
        subscribe: Subscribes to the events.
        result: How the run ended, if it is over.

    Raises:
        RuntimeError: If no event loop runs in this thread.
    """

    def __init__(self, subscribe: Subscribe, *, result: RunFinished | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        self._is_over = False
        if result is not None:
            self._events.put_nowait(result)
        self._unsubscribe = subscribe(self._put, at_end=self._end)

    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> RunEvent:
        event = None if self._is_over else await self._events.get()
        if event is None or isinstance(event, RunFinished):
            await self.aclose()
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """End the subscription. This is only needed if the events are not read to the end."""
        self._is_over = True
        self._unsubscribe()

    def _put(self, event: RunEvent | None) -> None:
        # the loop may have been closed meanwhile, so nothing there reads the events
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    def _end(self) -> None:
        self._put(None)
