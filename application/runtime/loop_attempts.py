"""The items of one loop that run, and the tasks of those that have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from application.runtime.loop_item import LoopItem


class LoopAttempts:
    """Runs items as tasks of the event loop, and cancels them."""

    def __init__(self) -> None:
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._attempts: dict[int, LoopItem] = {}
        self._leftovers: list[LoopItem] = []

    @property
    def incomplete(self) -> list[asyncio.Future[None]]:
        """Futures that complete with the tasks that ended items have left."""
        return [waiter for attempt in self._leftovers for waiter in attempt.incomplete]

    def start(self, item: int, attempt: LoopItem, work: Coroutine[Any, Any, None]) -> None:
        """Run an item."""
        self._attempts[item] = attempt
        self._tasks[item] = asyncio.get_running_loop().create_task(work)

    def cancel(self, item: int) -> None:
        """Cancel an item that runs."""
        self._tasks[item].cancel()

    def ended(self, item: int) -> None:
        """Forget an item that has ended, except for its tasks that have not."""
        self._tasks.pop(item, None)
        attempt = self._attempts.pop(item)
        if not attempt.is_complete:
            self._leftovers = [other for other in self._leftovers if not other.is_complete]
            self._leftovers.append(attempt)

    async def end(self) -> None:
        """Wait for the items that were cancelled, and cancel their tasks.

        Raises:
            asyncio.CancelledError: This coroutine was cancelled; the items have ended nevertheless.
        """
        is_cancelled = False
        while pending := [task for task in self._tasks.values() if not task.done()]:
            try:
                await asyncio.wait(pending)
            except asyncio.CancelledError:
                is_cancelled = True
                for task in pending:
                    task.cancel()
        for attempt in self._attempts.values():
            attempt.cancel_tasks()
        self._attempts.clear()
        if is_cancelled:
            raise asyncio.CancelledError

    def cancel_leftovers(self) -> None:
        """Cancel the tasks that ended items have left."""
        for attempt in self._leftovers:
            attempt.cancel_tasks()
