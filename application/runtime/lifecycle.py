"""Starting and ending of one runtime, and what belongs to its process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from application.interfaces.task_engine import EngineLink
from application.runtime.event_loop import EventLoop

End = Callable[[], Awaitable[None]]


class Lifecycle:
    """Starts and ends one runtime.

    Args:
        link: The engine.
        end: Ends the run, on the head, or this process, elsewhere.
        zmq_context: Returns the process's one context of ZeroMQ.
    """

    def __init__(
        self, *, link: EngineLink, end: End | None, zmq_context: Callable[[], object]
    ) -> None:
        self._link = link
        self._end = end
        self._zmq_context = zmq_context
        self._loop: EventLoop | None = None
        self._is_initialised = False
        self._stopped: asyncio.Future[None] | None = None
        self._is_stopping = False

    async def init(self, /, **kwargs: object) -> None:
        """Start, in order: communications, logger, registration, stores, housekeeping.

        `run`, `init` and `interactive` have done so already; another call only checks that the
        store answers.
        """
        del kwargs
        self.get_event_loop()
        await self.init_warehouse()

    async def init_warehouse(
        self,
        indices: tuple[int, ...] = (),
        uid: str | None = None,
        warehouse_memory: int | None = None,
    ) -> None:
        """Return when the store of this runtime answers; the engine has started it."""
        del indices, uid, warehouse_memory
        await self._link.usage()

    async def stop(self, sender_id: str | None = None) -> None:
        """End the run, on the head. Others end when their running tasks are done.

        A second call does nothing.
        """
        del sender_id
        if self._is_stopping:
            return
        self._is_stopping = True
        if self._end is not None:
            await self._end()

    def has_stopped(self) -> None:
        """Let `wait` return."""
        self._is_stopping = True
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(None)

    def wait(self, wait: bool = False) -> None:
        """Block the calling thread until the runtime has stopped.

        Args:
            wait: False returns at once.

        Raises:
            RuntimeError: This is the thread of the event loop.
        """
        if not wait:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            msg = "wait(True) would block the event loop, which must run until the runtime stops"
            raise RuntimeError(msg)
        if self._is_stopping or self._loop is None:
            return
        asyncio.run_coroutine_threadsafe(
            self._until_stopped(), self._loop.get_event_loop()
        ).result()

    def get_event_loop(self, asyncio_loop: asyncio.AbstractEventLoop | None = None) -> EventLoop:
        """Return the event loop.

        Args:
            asyncio_loop: The loop to wrap; counts at the first call only.
        """
        if self._loop is None:
            self._loop = EventLoop(asyncio_loop or asyncio.get_running_loop())
        return self._loop

    def get_zmq_context(self) -> object:
        """Return the process's one `zmq.asyncio.Context`, created at the first call."""
        return self._zmq_context()

    @property
    def capabilities(self) -> object:
        """The capabilities of the engine."""
        return self._link.capabilities

    async def _until_stopped(self) -> None:
        if self._stopped is None:
            self._stopped = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._stopped)
