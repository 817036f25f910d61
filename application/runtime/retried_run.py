"""Runs what a task runs, again and again if it fails and may be retried."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from domain.runtime.options import RetryOn
from domain.runtime.retries import Attempts
from domain.runtime.task_errors import RemoteError


async def retried_run(
    act: Callable[[], Awaitable[object]],
    *,
    name: str,
    attempts: Attempts,
    retry_on: RetryOn | None,
    wait: Callable[[float], Awaitable[None]],
) -> object:
    """Run until it succeeds, or may not be retried.

    Args:
        act: Runs it once.
        name: Its function or method.
        attempts: Counts the failures.
        retry_on: Types of errors after which it runs again; None for all.
        wait: Waits before it runs again, for some seconds at least.

    Returns:
        Its result.

    Raises:
        asyncio.CancelledError: It was cancelled.
        RemoteError: It raised SystemExit or KeyboardInterrupt, which end nothing here.
        Exception: The exception of the last attempt.
    """
    while True:
        try:
            return await act()
        except (SystemExit, KeyboardInterrupt) as error:
            msg = f"{name} raised {type(error).__name__}: {error}"
            raise RemoteError(msg, type_name=type(error).__name__) from error
        except Exception as error:
            matches = retry_on is None or isinstance(error, retry_on)
            delay = attempts.fail() if matches else None
            if delay is None:
                raise
        await wait(delay)
