"""The run that `init` or `interactive` has started in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from entrypoints._runtime.facade import Runtime
from entrypoints._runtime.run_options import RunOptions
from entrypoints._runtime.session import Session

Result = TypeVar("Result")


class ActiveRun:
    """Starts a run that goes on until it is stopped, and knows whether there is one.

    Without a running event loop, it uses a loop of its own, which runs only while something is
    awaited in it: `runtime.get_event_loop().run(f)`.
    """

    def __init__(self) -> None:
        self._session: Session | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_on(self) -> bool:
        """Whether a run has been started and not stopped."""
        return self._session is not None

    def start(self, options: RunOptions, *, mode: str) -> Runtime | Awaitable[Runtime]:
        """Start a run: at once, or at the await if an event loop runs.

        Raises:
            RuntimeError: There is one.
            EngineError: The workers did not start.
        """
        if self._session is not None:
            msg = "A runtime has been started already: stop() it first"
            raise RuntimeError(msg)
        return self._do(self.open(options, mode=mode))

    def stop(self) -> Awaitable[None] | None:
        """Stop the run: at once, or at the await if an event loop runs. Ignored without one."""
        return self._do(self.close())

    async def open(self, options: RunOptions, *, mode: str) -> Runtime:
        """Start a run.

        Raises:
            EngineError: The workers did not start.
        """
        session = Session(options, mode=mode)
        self._session = session
        try:
            return await session.open()
        except BaseException:
            self._session = None
            raise

    async def close(self) -> None:
        """Stop the run. Ignored without one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result | Awaitable[Result]:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._complete(work)
        return work

    def _complete(self, work: Coroutine[Any, Any, Result]) -> Result:
        loop = self._loop = self._loop or asyncio.new_event_loop()
        try:
            return loop.run_until_complete(work)
        finally:
            if self._session is None:
                self._loop = None
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.close()
