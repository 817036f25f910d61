"""The engine, as each process of a run sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Final

from typing_extensions import override

from adapters.embedded.exchange import Exchange
from adapters.embedded.functions import SubmittedFunctions
from adapters.embedded.held_values import HeldValues
from adapters.embedded.submissions import Submission, Submissions
from application.interfaces.segments import SegmentPool
from application.interfaces.task_engine import EngineLink, RuntimeHost, Ticket
from domain.runtime.errors import Unreachable
from domain.runtime.hosts import (
    HEAD,
    CancelOutcome,
    Capability,
    Host,
    HostUsage,
    LossReason,
    SubmitOptions,
)
from domain.runtime.payloads import EngineValue, Message, Payload, Plain

CAPABILITIES: Final = frozenset(
    {
        Capability.SHARES,
        Capability.NOTICES,
        Capability.PLACES,
        Capability.SPILLS,
        Capability.REPLACES,
        Capability.REASONS,
        Capability.LINES,
    }
)
USAGE: Final = "engine:usage"
"""To the head: what all hosts use."""

RUNNING: Final = "engine:running"
"""To a host: how many requests it is handling."""


class EmbeddedLink(EngineLink):
    """Connects the RuntimeHost of a process with the others.

    Args:
        exchange: Connects this process with the others.
        segments: Shared memory.
    """

    def __init__(self, exchange: Exchange, segments: SegmentPool) -> None:
        self.exchange = exchange
        self._values = HeldValues(exchange, segments)
        self._host: RuntimeHost | None = None
        self._has_started = asyncio.Event()
        self._functions = SubmittedFunctions(exchange)
        self._submissions = Submissions(exchange, workers=lambda: exchange.workers)
        exchange.handlers.on_request(RUNNING, self._report_running)
        exchange.handlers.on_other_requests(self._handle)

    @property
    @override
    def uid(self) -> str:
        return self.exchange.uid

    @property
    @override
    def capabilities(self) -> frozenset[Capability]:
        return CAPABILITIES

    async def start(self, host: RuntimeHost) -> None:
        """Start the RuntimeHost, and then pass it the requests that have arrived."""
        self._values.open()
        self._host = host
        await host.start()
        self._has_started.set()

    @override
    def call(
        self, host: str, request: Message, *, timeout: float | None = None
    ) -> Awaitable[Message]:
        return self.exchange.request(host, request, timeout=timeout)

    @override
    async def put(self, payload: Payload, *, near: str | None = None) -> EngineValue:
        return await self._values.put(payload)

    @override
    async def get(self, value: EngineValue, *, timeout: float | None = None) -> Payload:
        return await self._values.get(value, timeout)

    @override
    def retain(self, value: EngineValue) -> None:
        self._values.retain(value)

    @override
    def release(self, value: EngineValue) -> None:
        self._values.release(value)

    @override
    async def spill(self, nbytes: int) -> int:
        return await self._values.spill(nbytes)

    @override
    async def submit(self, function: str, arguments: Message, options: SubmitOptions) -> Ticket:
        return self._submissions.submit(function, arguments, options)

    @override
    async def cancel(self, ticket: Ticket, *, force: bool = False) -> CancelOutcome:
        assert isinstance(ticket, Submission)
        return await self._submissions.cancel(ticket, force=force)

    @override
    async def usage(self) -> Mapping[str, HostUsage]:
        reply = await self.exchange.request(HEAD, Message(USAGE))
        return {uid: _usage(uid, fields) for uid, fields in reply.fields.items()}

    async def stop(self) -> None:
        """Stop the RuntimeHost, if it was started."""
        host, self._host = self._host, None
        if host is not None:
            await host.stop()

    def host_lost(self, uid: str, reason: LossReason, *, is_expected: bool = False) -> None:
        """Report the loss of a host, unless it is expected, and end the calls to it."""
        has_joined = self.exchange.refuse(uid, reason)
        if self._host is not None and has_joined and not is_expected:
            self._host.host_lost(uid, reason)
        self.exchange.end_calls(uid, reason)
        self._submissions.dispatch()

    def host_joined(self, host: Host) -> None:
        """Report a new host, which may have time for submitted functions."""
        self.exchange.join(host.uid)
        if self._host is not None:
            self._host.host_joined(host)
        self._submissions.dispatch()

    def _handle(self, sender: str, request: Message) -> Awaitable[Message]:
        if self._host is None or not self._has_started.is_set():
            return self._handle_later(sender, request)
        return self._host.handle(sender, request)

    async def _handle_later(self, sender: str, request: Message) -> Message:
        await self._has_started.wait()
        if self._host is None:
            raise Unreachable(f"{self.uid} has no RuntimeHost")
        return await self._host.handle(sender, request)

    async def _report_running(self, _sender: str, _request: Message) -> Message:
        # without this one
        return Message(RUNNING, {"running": self.exchange.handling - 1})


def _usage(uid: str, fields: Plain) -> HostUsage:
    match fields:
        case [float(cpu), int(rss), int(stored), int(spilled), int(running)]:
            return HostUsage(uid, cpu, rss, stored, spilled, running)
    return HostUsage(uid, 0.0, 0)
