"""Periodic maintenance of a runtime."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from application.runtime.comms import Comms
from application.runtime.log import RuntimeLog
from domain.runtime.uids import MONITOR

ROUND = 0.5
"""Seconds between a request for a round, and the round."""


class Housekeeping:
    """Runs rounds of maintenance: only when there is something to do.

    Args:
        comms: Sends messages to the monitor.
        log: Gets the errors of what was queued.
    """

    def __init__(self, *, comms: Comms, log: RuntimeLog) -> None:
        self._comms = comms
        self._log = log
        self._queue: list[Callable[[], Awaitable[object]]] = []
        self._messages: dict[str, list[object]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._round: asyncio.Task[None] | None = None

    def maintenance_queue(self, fun: Callable[[], Awaitable[object]]) -> None:
        """Run an async callable once, in the next round. Its error is logged, and stops nothing."""
        self._queue.append(fun)
        self._schedule()

    def maintenance_msg(self, method: str, msg: object) -> None:
        """Send a message to a method of the monitor, with all others of the round."""
        self._messages.setdefault(method, []).append(msg)
        self._schedule()

    async def maintenance(self) -> None:
        """Run one round."""
        messages, self._messages = self._messages, {}
        queue, self._queue = self._queue, []
        for method, msgs in messages.items():
            await self._guard(lambda m=method, b=msgs: self._send(m, b))  # type: ignore[misc]
        for fun in queue:
            await self._guard(fun)

    def close(self) -> None:
        """Run no more rounds."""
        if self._timer is not None:
            self._timer.cancel()
        if self._round is not None:
            self._round.cancel()

    def _send(self, method: str, msgs: list[object]) -> Awaitable[object]:
        self._comms.check_remote(method)
        return self._comms.call(MONITOR, method, {"msgs": msgs}, reply=False)

    async def _guard(self, fun: Callable[[], Awaitable[object]]) -> None:
        try:
            await fun()
        except Exception as error:  # noqa: BLE001 - users' code may raise anything
            self._log.error(f"maintenance: {type(error).__name__}: {error}")

    def _schedule(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(ROUND, self._begin_round)

    def _begin_round(self) -> None:
        self._timer = None
        self._round = asyncio.get_running_loop().create_task(self.maintenance())
