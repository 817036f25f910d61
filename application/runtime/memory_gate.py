"""Lets a worker fetch arguments only when they fit in its memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from application.interfaces.own_process import OwnProcess
from application.interfaces.task_engine import EngineLink
from domain.runtime.hosts import Capability
from domain.runtime.payloads import Message
from domain.runtime.task_errors import MemoryOverflowError

SMALL = 2**20
"""Arguments of fewer bytes always fit: looking the memory up would take longer than they do."""


class MemoryGate:
    """Lets tasks wait whose arguments do not fit, while others run.

    Before a task waits or fails, the values that this process has stored are written to files.

    Args:
        own_process: Measures the process.
        link: Has the stored values.
    """

    def __init__(self, *, own_process: OwnProcess, link: EngineLink) -> None:
        self._own_process = own_process
        self._link = link
        self._committed = 0
        self._inside = 0
        self._waiters: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def room(self, message: Message, *, name: str) -> AsyncIterator[None]:
        """Wait until the arguments in a message fit, and count them while the block runs.

        Args:
            message: The message.
            name: Name of the task, for the error message.

        Raises:
            MemoryOverflowError: They do not fit, although no other task runs.
        """
        nbytes = sum(value.size for value in message.values) + message.payload.size
        if nbytes >= SMALL:
            try:
                await self._wait(nbytes, name)
            except BaseException:
                for value in message.values:
                    self._link.release(value)  # They will not be unpacked.
                raise
        self.enter(nbytes)
        try:
            yield
        finally:
            self.leave(nbytes)

    def enter(self, nbytes: int = 0) -> None:
        """Count a task that runs, whose arguments are small or fit."""
        self._committed += nbytes
        self._inside += 1

    def leave(self, nbytes: int = 0) -> None:
        """Undo `enter`."""
        self._committed -= nbytes
        self._inside -= 1
        if self._waiters:
            self._wake_up()

    async def _wait(self, nbytes: int, name: str) -> None:
        while self._excess(nbytes) > 0:
            await self._spill(nbytes)
            if self._excess(nbytes) <= 0:
                return
            if not self._inside:
                limit = self._own_process.memory_limit()
                msg = (
                    f"the arguments of {name} have {nbytes} bytes, which do not fit: this worker"
                    f" may use {limit} bytes, and uses {self._own_process.rss()}"
                )
                raise MemoryOverflowError(msg, task=name)
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    async def _spill(self, nbytes: int) -> None:
        if Capability.SPILLS in self._link.capabilities:
            await self._link.spill(self._excess(nbytes))

    def _excess(self, nbytes: int) -> int:
        """Return how many bytes too many there would be; 0 or less if they fit."""
        used = self._own_process.rss() + self._committed
        return used + nbytes - self._own_process.memory_limit() + 1

    def _wake_up(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
