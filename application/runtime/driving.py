"""Drives the coroutine of the user, so that errors which belong to no call reach it."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

from application.runtime.log_names import Failures

Result = TypeVar("Result")


class Drive:
    """Runs a coroutine, and raises errors from outside at its next await.

    Args:
        failures: The errors.
    """

    def __init__(self, failures: Failures) -> None:
        self._failures = failures
        self._task: asyncio.Task[Any] | None = None
        failures.notify(self._interrupt)

    async def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine to its end, and return its result."""
        self._task = asyncio.current_task()
        try:
            return await _driven(coroutine, self._failures)
        finally:
            self._task = None

    def _interrupt(self) -> None:
        if self._task is not None:
            self._task.cancel()


@types.coroutine
def _driven(
    coroutine: Coroutine[Any, Any, Result], failures: Failures
) -> Generator[Any, Any, Result]:
    """Pass everything on between the event loop and a coroutine, except for errors from outside."""
    sent: Any = None
    thrown: BaseException | None = None
    while True:
        try:
            awaited = coroutine.send(sent) if thrown is None else coroutine.throw(thrown)
        except StopIteration as stop:
            result: Result = stop.value
            return result
        sent = thrown = None
        try:
            sent = yield awaited
        except BaseException as error:  # noqa: BLE001 - it is the coroutine's
            thrown = _instead(error, failures)


def _instead(error: BaseException, failures: Failures) -> BaseException:
    """Return the error from outside that caused a cancellation, if there is one."""
    if not isinstance(error, asyncio.CancelledError):
        return error
    failure = failures.take()
    if failure is None:
        return error
    task = asyncio.current_task()
    uncancel = getattr(task, "uncancel", None)  # from Python 3.11
    if uncancel is not None:
        uncancel()
    return failure
