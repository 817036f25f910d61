"""The workers on which free functions run, with a limited number at each."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

from application.runtime.members import Members
from domain.runtime.hosts import LossReason
from domain.runtime.task_errors import RuntimeDisconnectedError

WINDOW = 4
"""How many functions of one caller are at a worker: some wait there, so that it is never idle."""


class Pool:
    """Lends places at workers.

    Args:
        members: The workers.
        is_any_expected: Whether a worker is being started again.
    """

    def __init__(self, *, members: Members, is_any_expected: Callable[[], bool]) -> None:
        self._members = members
        self._is_any_expected = is_any_expected
        self._taken: Counter[str] = Counter()
        self._waiters: deque[asyncio.Future[str]] = deque()
        members.notify(joined=self._joined, left=self._left)

    async def acquire(self) -> str:
        """Wait for a place, and return the uid of its worker: the one with the fewest taken.

        Raises:
            RuntimeDisconnectedError: No worker is alive, and none will be.
        """
        chosen = None if self._waiters else self._free()
        if chosen is not None:
            self._taken[chosen] += 1
            return chosen
        self._check()
        waiter: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.release(waiter.result())
            raise

    def release(self, worker: str) -> None:
        """Return a place."""
        self._taken[worker] -= 1
        if self._taken[worker] <= 0:
            del self._taken[worker]
        self._lend()

    def taken(self, worker: str) -> int:
        """Return how many places at a worker are taken."""
        return self._taken[worker]

    def _free(self) -> str | None:
        workers = self._members.workers()
        if not workers:
            return None
        chosen = min(workers, key=lambda uid: self._taken[uid])
        return chosen if self._taken[chosen] < WINDOW else None

    def _lend(self) -> None:
        while self._waiters:
            chosen = self._free()
            if chosen is None:
                return
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._taken[chosen] += 1
                waiter.set_result(chosen)

    def _check(self) -> None:
        if not self._members.workers() and not self._is_any_expected():
            msg = "No worker is alive, and none will be started again"
            raise RuntimeDisconnectedError(msg)

    def _joined(self, uid: str) -> None:
        del uid
        self._lend()

    def _left(self, uid: str, reason: LossReason | None) -> None:
        del uid, reason
        # Later, because a replacement is decided upon by another listener.
        if self._waiters:
            asyncio.get_running_loop().call_soon(self.give_up)

    def give_up(self) -> None:
        """End those who wait, if no worker is alive and none will be."""
        try:
            self._check()
        except RuntimeDisconnectedError as error:
            while self._waiters:
                waiter = self._waiters.popleft()
                if not waiter.done():
                    waiter.set_exception(error)
