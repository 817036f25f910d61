"""Calls that wait for their replies."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass

from application.interfaces.prompt_reply import PromptReply
from domain.runtime.errors import HostLost
from domain.runtime.hosts import LossReason
from domain.runtime.payloads import Message


@dataclass(frozen=True, slots=True)
class _PendingCall:
    host: str
    future: PromptReply


class PendingCalls:
    """Numbers calls, and ends them with a reply or an error."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._calls: dict[int, _PendingCall] = {}

    def begin(self, host: str) -> tuple[int, PromptReply]:
        """Return the number and the future of a new call to a host."""
        number = next(self._numbers)
        future = PromptReply(loop=asyncio.get_running_loop())
        self._calls[number] = _PendingCall(host, future)
        return number, future

    def take(self, number: int, host: str) -> asyncio.Future[Message] | None:
        """Remove a call, and return its future; None if its caller no longer waits."""
        call = self._calls.get(number)
        if call is None or call.host != host:
            return None
        del self._calls[number]
        return None if call.future.done() else call.future

    def drop(self, number: int) -> None:
        """Forget a call."""
        self._calls.pop(number, None)

    def host_lost(self, uid: str, reason: LossReason) -> None:
        """End all calls to a host with HostLost."""
        for number, call in list(self._calls.items()):
            if call.host == uid:
                del self._calls[number]
                if not call.future.done():
                    call.future.set_exception(HostLost(uid, reason, perhaps_done=True))

    def fail_all(self, error: Exception) -> None:
        """End all calls with an error."""
        calls, self._calls = self._calls, {}
        for call in calls.values():
            if not call.future.done():
                call.future.set_exception(error)
