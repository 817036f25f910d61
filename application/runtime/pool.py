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

WIDEST_WINDOW = 32
"""The same while functions are so quick that they are sent and answered in groups."""

QUICK = 0.01
"""Seconds from sending a function to its reply that make the window wider."""


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
        self._window = WINDOW
        self._waiters: deque[asyncio.Future[str]] = deque()
        members.notify(joined=self._joined, left=self._left)

    def take(self) -> str | None:
        """Return the uid of the worker with the fewest taken places; None if none is free."""
        chosen = None if self._waiters else self._free()
        if chosen is not None:
            self._taken[chosen] += 1
        return chosen

    def wait(self) -> asyncio.Future[str]:
        """Return the future of a place. Cancelling it, before it is done, ends the wait.

        Raises:
            RuntimeDisconnectedError: No worker is alive, and none will be.
        """
        self._check()
        waiter: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        return waiter

    def release(self, worker: str, *, seconds: float = QUICK) -> None:
        """Return a place.

        Args:
            worker: Its worker.
            seconds: How long it was used.
        """
        self._window = min(self._window + 1, WIDEST_WINDOW) if seconds < QUICK else WINDOW
        self._taken[worker] -= 1
        if self._taken[worker] <= 0:
            del self._taken[worker]
        if self._waiters:
            self._lend()

    def taken(self, worker: str) -> int:
        """Return how many places at a worker are taken."""
        return self._taken[worker]

    def _free(self) -> str | None:
        workers = self._members.workers()
        if not workers:
            return None
        chosen = min(workers, key=lambda uid: self._taken[uid])
        return chosen if self._taken[chosen] < self._window else None

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
