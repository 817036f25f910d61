"""The engine `embedded`: processes on one machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import final

from typing_extensions import override

from adapters.embedded.exchange import Exchange
from adapters.embedded.fleet import Fleet
from adapters.embedded.link import CAPABILITIES, EmbeddedLink
from adapters.embedded.peers import Peers
from adapters.embedded.run_places import RunPlaces, create_places
from adapters.embedded.start_up import EXPECT, JOINED, LOST, OK
from adapters.embedded.submissions import END
from adapters.embedded.usage_report import UsageReport
from adapters.embedded.value_keeper import ValueKeeper
from adapters.wire.host_values import host_to_plain, reason_to_plain
from application.interfaces.host_transport import HostTransport
from application.interfaces.segments import SegmentPool
from application.interfaces.task_engine import HeadHost, TaskEngine, Ticket
from domain.runtime.errors import EngineError, Unreachable
from domain.runtime.hosts import (
    HEAD,
    CancelOutcome,
    Capability,
    EnginePlan,
    Host,
    HostUsage,
    LossReason,
    SubmitOptions,
)
from domain.runtime.payloads import EngineValue, Message, Payload


@final
class EmbeddedTaskEngine(TaskEngine):
    """Starts one process for each host, and connects all of them with each other.

    Args:
        transports: Returns the transport for a directory of sockets.
        segments: Returns the shared memory of the head for a directory of spill files.
        store_memory: Number of bytes that values may occupy, unless the plan sets another limit.
        kill_marked: Kills the processes with a variable in their environment, and waits until they
            have ended. Thread-safe.
        on_error: Receives descriptions of internal errors.
        on_spilled: See `ValueKeeper`.
    """

    def __init__(
        self,
        *,
        transports: Callable[[str], HostTransport],
        segments: Callable[[str], SegmentPool],
        store_memory: int,
        kill_marked: Callable[[str, str], None],
        on_error: Callable[[str], None],
        on_spilled: Callable[[float, int], None] = lambda _start, _size: None,
    ) -> None:
        self._transports = transports
        self._new_segments = segments
        self._store_memory = store_memory
        self._kill_marked = kill_marked
        self._on_error = on_error
        self._on_spilled = on_spilled
        self._places: RunPlaces | None = None
        self._link: EmbeddedLink | None = None
        self._closing: asyncio.Future[None] | None = None

    @property
    @override
    def uid(self) -> str:
        return HEAD

    @property
    @override
    def capabilities(self) -> frozenset[Capability]:
        return CAPABILITIES

    @property
    def directory(self) -> str | None:
        """The directory of the sockets; None if the engine is not open."""
        return None if self._places is None else self._places.sockets

    @override
    async def open(self, plan: EnginePlan, head: HeadHost) -> Sequence[Host]:
        _check(plan)
        if self._places is not None or self._closing is not None:
            raise EngineError("an engine can be opened once only")
        self._places = create_places(plan)
        try:
            self._connect(plan, self._places, head)
            await self._connected.start(head)
            uids = self._fleet.start_all()
            await self._fleet.wait_until_ready()
        except OSError as error:
            await self.close(patience=0.0)
            raise EngineError(f"a process or a socket cannot be created: {error}") from error
        except BaseException:
            await self.close(patience=0.0)
            raise
        for uid in uids:
            self._exchange.join(uid)
        return [self._fleet.members[uid].host for uid in uids]

    @override
    async def close(self, *, patience: float = 5.0) -> None:
        if self._places is None:
            return
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close(self._places, patience))
        # it goes on if the caller is cancelled
        await asyncio.shield(self._closing)

    @override
    async def end(self, host: str) -> None:
        if self._link is not None:
            await self._fleet.kill(host)

    @override
    async def replace(self, host: str) -> Host:
        await self.end(host)
        if self._closing is not None:
            raise EngineError("the engine is closed")
        new = self._fleet.new_life(host)
        others = self._fleet.hosts
        self._exchange.expect(new.uid)
        for other in others:
            self._exchange.notify(other.uid, EXPECT, {"uid": new.uid})
        member = await self._fleet.start_ready(new, others)
        self._connected.host_joined(member.host)
        for uid in self._fleet.members:
            if uid != new.uid:
                self._exchange.notify(uid, JOINED, {"host": host_to_plain(member.host)})
        return member.host

    @override
    def call(
        self, host: str, request: Message, *, timeout: float | None = None
    ) -> Awaitable[Message]:
        if self._link is None:
            return _unreachable()
        return self._link.call(host, request, timeout=timeout)

    @override
    async def put(self, payload: Payload, *, near: str | None = None) -> EngineValue:
        return await self._connected.put(payload, near=near)

    @override
    async def get(self, value: EngineValue, *, timeout: float | None = None) -> Payload:
        return await self._connected.get(value, timeout=timeout)

    @override
    def retain(self, value: EngineValue) -> None:
        self._connected.retain(value)

    @override
    def release(self, value: EngineValue) -> None:
        self._connected.release(value)

    @override
    async def spill(self, nbytes: int) -> int:
        return await self._connected.spill(nbytes)

    @override
    async def submit(self, function: str, arguments: Message, options: SubmitOptions) -> Ticket:
        return await self._connected.submit(function, arguments, options)

    @override
    async def cancel(self, ticket: Ticket, *, force: bool = False) -> CancelOutcome:
        return await self._connected.cancel(ticket, force=force)

    @override
    async def usage(self) -> Mapping[str, HostUsage]:
        return await self._connected.usage()

    @property
    def _connected(self) -> EmbeddedLink:
        if self._link is None:
            raise Unreachable("the engine is not open")
        return self._link

    def _connect(self, plan: EnginePlan, places: RunPlaces, head: HeadHost) -> None:
        self._segments = self._new_segments(places.spilled)
        self._exchange = Exchange(
            HEAD,
            transport=self._transports(places.sockets),
            segments=self._segments,
            peers=Peers(),
            on_error=self._on_error,
        )
        self._exchange.handlers.on_request(END, self._end_for_host)
        self._keeper = ValueKeeper(
            self._exchange,
            self._segments,
            limit=plan.store_memory or self._store_memory,
            on_spilled=self._on_spilled,
        )
        self._fleet = Fleet(
            plan,
            places=places,
            exchange=self._exchange,
            kill_marked=self._kill_marked,
            on_line=head.line,
            on_lost=self._report_loss,
        )
        self._usage = UsageReport(self._exchange, self._keeper, lambda: self._fleet.hosts)
        self._exchange.open()
        self._link = EmbeddedLink(self._exchange, self._segments)

    async def _close(self, places: RunPlaces, patience: float) -> None:
        if self._link is not None:
            if patience:
                await self._fleet.stop_all(patience)
            await self._fleet.kill_all()
            await self._stop_head(self._link, patience)
            self._exchange.close()
            self._segments.close()
        places.remove()
        self._places = None

    async def _stop_head(self, link: EmbeddedLink, patience: float) -> None:
        try:
            await asyncio.wait_for(link.stop(), patience or None)
        except Exception as error:  # noqa: BLE001 - nothing may prevent the clean-up
            self._on_error(f"the head did not stop: {error!r}")

    async def _end_for_host(self, _sender: str, request: Message) -> Message:
        await self.end(str(request.fields.get("uid")))
        return OK

    def _report_loss(self, uid: str, reason: LossReason) -> None:
        self._connected.host_lost(uid, reason, is_expected=self._closing is not None)
        self._keeper.host_lost(uid)
        for other in self._fleet.members:
            self._exchange.notify(other, LOST, {"uid": uid, "reason": reason_to_plain(reason)})


async def _unreachable() -> Message:
    raise Unreachable("the engine is not open")


def _check(plan: EnginePlan) -> None:
    """Check that the plan, and this system, suit this engine."""
    if any(host.node for host in plan.hosts):
        raise EngineError(
            "engine 'embedded' runs on one machine only. For several nodes, use engine='dask'"
        )
    if not (hasattr(os, "memfd_create") and hasattr(os, "pidfd_open")):
        raise EngineError("engine 'embedded' needs Linux. Elsewhere, use engine='inline'")
