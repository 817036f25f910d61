"""Requests to the other processes of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from application.interfaces.prompt_reply import follow
from application.interfaces.task_engine import EngineLink
from domain.runtime.errors import HostLost, Unreachable
from domain.runtime.hosts import LossReason
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError, disconnected

STRAGGLERS_END = 1.0
"""Seconds after the loss of a host after which requests to it end, if the engine did not do it."""


Replied = Callable[["Message | Exception"], None]
"""Takes a reply, or the RuntimeDisconnectedError that `Correspondence.request` raises."""


class UndeliveredError(RuntimeDisconnectedError):
    """The process is gone, and certainly did not execute the request."""


class Correspondence:
    """Sends requests, and ends those that a lost process owes.

    Args:
        link: The engine.
    """

    def __init__(self, *, link: EngineLink) -> None:
        self._link = link
        self._pending: dict[str, dict[asyncio.Future[Message], None]] = {}
        self._given_up: set[asyncio.Future[Message]] = set()
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
        sending = self._begin(host, message, timeout)
        try:
            return await sending
        except (HostLost, Unreachable) as error:
            raise self._disconnected(host, error) from None
        except asyncio.CancelledError:
            if sending.done() and not sending.cancelled() and sending.exception() is None:
                for value in sending.result().values:  # It arrived, but its caller is gone.
                    self._link.release(value)
            if sending in self._given_up:
                raise disconnected(host, self._lost[host]) from None
            raise
        finally:
            self._forget(host, sending)

    def send(self, host: str, message: Message, replied: Replied) -> asyncio.Future[Message]:
        """Send a request, without a coroutine that waits for the reply.

        Args:
            host: Uid of the process.
            message: The request.
            replied: Called with what `request` returns or raises, but not if the future is
                cancelled.

        Returns:
            A future that drops the reply when it is cancelled.
        """
        sending = self._begin(host, message, None)
        follow(sending, partial(self._replied, host, replied))
        return sending

    def _begin(self, host: str, message: Message, timeout: float | None) -> asyncio.Future[Message]:
        sending: asyncio.Future[Message]
        if host in self._lost:
            sending = asyncio.get_running_loop().create_future()
            sending.set_exception(HostLost(host, self._lost[host], perhaps_done=False))
        else:
            sending = asyncio.ensure_future(self._link.call(host, message, timeout=timeout))
        self._pending.setdefault(host, {})[sending] = None
        return sending

    def _forget(self, host: str, sending: asyncio.Future[Message]) -> None:
        del self._pending[host][sending]
        self._given_up.discard(sending)

    def _replied(self, host: str, replied: Replied, sending: asyncio.Future[Message]) -> None:
        is_given_up = sending in self._given_up
        self._forget(host, sending)
        if sending.cancelled():
            if is_given_up:
                replied(disconnected(host, self._lost[host]))
            return
        error = sending.exception()
        if error is None:
            replied(sending.result())
        elif isinstance(error, (HostLost, Unreachable)):
            replied(self._disconnected(host, error))
        else:
            assert isinstance(error, Exception)
            replied(error)

    def _disconnected(self, host: str, error: HostLost | Unreachable) -> RuntimeDisconnectedError:
        if isinstance(error, Unreachable):
            return _undelivered(host, self._lost.get(host))
        if error.perhaps_done:
            return disconnected(error.uid, error.reason)
        return _undelivered(error.uid, error.reason)

    def lose(self, host: str, reason: LossReason) -> None:
        """Record that a process is gone: pending requests to it soon end with an error."""
        self._lost[host] = reason
        if self._pending.get(host):
            asyncio.get_running_loop().call_later(STRAGGLERS_END, self._end_stragglers, host)

    def reason(self, host: str) -> LossReason | None:
        """Return why a process is gone; None if it is not."""
        return self._lost.get(host)

    def _end_stragglers(self, host: str) -> None:
        for sending in list(self._pending.get(host, ())):
            if not sending.done():
                self._given_up.add(sending)
                sending.cancel()


def _undelivered(host: str, reason: LossReason | None) -> UndeliveredError:
    known = disconnected(host, reason)
    error = UndeliveredError(str(known), worker=host)
    error.reason = reason
    return error
