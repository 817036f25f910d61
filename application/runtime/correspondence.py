"""Requests to the other processes of a run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from application.interfaces.task_engine import EngineLink
from domain.runtime.errors import HostLost, Unreachable
from domain.runtime.hosts import LossReason
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError, disconnected

STRAGGLERS_END = 1.0
"""Seconds after the loss of a host after which requests to it end, if the engine did not do it."""


@dataclass(eq=False, slots=True)
class _Pending:
    """A request that has no reply yet, and the coroutine that waits for it."""

    waiter: asyncio.Task[object] | None
    is_lost: bool = False


class UndeliveredError(RuntimeDisconnectedError):
    """The process is gone, and certainly did not execute the request."""


class Correspondence:
    """Sends requests, and ends those that a lost process owes.

    Args:
        link: The engine.
    """

    def __init__(self, *, link: EngineLink) -> None:
        self._link = link
        self._pending: dict[str, dict[_Pending, None]] = {}
        self._lost: dict[str, LossReason] = {}

    @property
    def own(self) -> str:
        """The uid of this process."""
        return self._link.uid

    async def request(
        self, host: str, message: Message, *, timeout: float | None = None
    ) -> Message:
        """Send a request, and return the reply.

        Args:
            host: Uid of the process.
            message: The request.
            timeout: Seconds to wait.

        Raises:
            RuntimeDisconnectedError: The process is gone. UndeliveredError if it did not execute
                the request.
            TimeoutError: There was no reply in time.
        """
        if host in self._lost:
            raise _undelivered(host, self._lost[host])
        pending = _Pending(asyncio.current_task())
        self._pending.setdefault(host, {})[pending] = None
        try:
            return await self._link.call(host, message, timeout=timeout)
        except HostLost as error:
            if error.perhaps_done:
                raise disconnected(error.uid, error.reason) from None
            raise _undelivered(error.uid, error.reason) from None
        except Unreachable:
            raise _undelivered(host, self._lost.get(host)) from None
        except asyncio.CancelledError:
            if pending.is_lost:
                raise disconnected(host, self._lost[host]) from None
            raise
        finally:
            del self._pending[host][pending]

    def lose(self, host: str, reason: LossReason) -> None:
        """Record that a process is gone: pending requests to it soon end with an error."""
        self._lost[host] = reason
        if self._pending.get(host):
            asyncio.get_running_loop().call_later(STRAGGLERS_END, self._end_stragglers, host)

    def reason(self, host: str) -> LossReason | None:
        """Return why a process is gone; None if it is not."""
        return self._lost.get(host)

    def _end_stragglers(self, host: str) -> None:
        for pending in self._pending.get(host, ()):
            if pending.waiter is not None and not pending.waiter.done():
                pending.is_lost = True
                pending.waiter.cancel()


def _undelivered(host: str, reason: LossReason | None) -> UndeliveredError:
    known = disconnected(host, reason)
    error = UndeliveredError(str(known), worker=host)
    error.reason = reason
    return error
