"""The engine `embedded`: processes on one machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, final

from typing_extensions import override

from adapters.embedded.exchange import Exchange
from adapters.embedded.link import CAPABILITIES, RUNNING, USAGE, EmbeddedLink
from adapters.embedded.members import HOST_VARIABLE, Member, start_process
from adapters.embedded.peers import Peers
from adapters.embedded.socket_directory import create_socket_directory
from adapters.embedded.start_up import EXPECT, FAILED, HELLO, JOINED, LOST, OK, READY, STOP
from adapters.embedded.usage import ProcessMeter
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
    HostPlan,
    HostUsage,
    LossReason,
    SubmitOptions,
)
from domain.runtime.payloads import EngineValue, Message, Payload

BUSY_TIME: Final = 0.5
"""Seconds to wait for a host that may be too busy to report what it runs."""


@final
class EmbeddedTaskEngine(TaskEngine):
    """Starts one process for each host, and connects all of them with each other.

    Args:
        transports: Returns the transport for a directory of sockets.
        segments: Returns the shared memory of a process.
        kill_marked: Kills the processes with a variable in their environment, and waits until they
            have ended. Thread-safe.
        on_error: Receives descriptions of internal errors.
    """

    def __init__(
        self,
        *,
        transports: Callable[[str], HostTransport],
        segments: Callable[[str], SegmentPool],
        kill_marked: Callable[[str, str], None],
        on_error: Callable[[str], None],
    ) -> None:
        self._transports = transports
        self._new_segments = segments
        self._kill_marked = kill_marked
        self._on_error = on_error
        self._members: dict[str, Member] = {}
        self._meters: dict[str, ProcessMeter] = {}
        self._cleanups: set[asyncio.Future[None]] = set()
        self._directory: str | None = None
        self._head: HeadHost | None = None
        self._link: EmbeddedLink | None = None
        self._is_closing = False

    @property
    @override
    def uid(self) -> str:
        return HEAD

    @property
    @override
    def capabilities(self) -> frozenset[Capability]:
        return CAPABILITIES

    @override
    async def open(self, plan: EnginePlan, head: HeadHost) -> Sequence[Host]:
        if any(host.node for host in plan.hosts):
            raise EngineError(
                "engine 'embedded' runs on one machine only. For several nodes, use engine='dask'"
            )
        self._loop = asyncio.get_running_loop()
        self._plan = plan
        self._head = head
        self._directory = create_socket_directory()
        try:
            await self._connect(self._directory, head)
            hosts = [_new_host(host) for host in plan.hosts]
            for host in hosts:
                self._exchange.expect(host.uid)
            for host in hosts:
                self._spawn(host, hosts)
            await self._wait_until_ready()
        except BaseException:
            await self.close(patience=0.0)
            raise
        return [self._members[host.uid].host for host in hosts]

    @override
    async def close(self, *, patience: float = 5.0) -> None:
        if self._directory is None or self._is_closing:
            return
        self._is_closing = True
        await asyncio.gather(*(self._stop(uid, patience) for uid in list(self._members)))
        for member in list(self._members.values()):
            await self._kill(member)
        await asyncio.gather(*self._cleanups, return_exceptions=True)
        if self._link is not None:
            self._exchange.close()
            self._segments.close()
            assert self._head is not None
            await self._head.stop()
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory = None

    @override
    async def end(self, host: str) -> None:
        member = self._members.get(host)
        if member is not None:
            await self._kill(member)

    @override
    async def replace(self, host: str) -> Host:
        await self.end(host)
        new = _new_host(self._planned(host))
        others = [member.host for member in self._members.values()]
        self._exchange.expect(new.uid)
        for other in others:
            self._exchange.notify(other.uid, EXPECT, {"uid": new.uid})
        member = self._spawn(new, others)
        await asyncio.wait_for(asyncio.shield(member.ready), self._plan.patience)
        assert self._head is not None
        self._head.host_joined(member.host)
        for uid in list(self._members):
            if uid != new.uid:
                self._exchange.notify(uid, JOINED, {"host": host_to_plain(member.host)})
        return member.host

    @override
    async def call(self, host: str, request: Message, *, timeout: float | None = None) -> Message:
        return await self._connected.call(host, request, timeout=timeout)

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

    async def _connect(self, directory: str, head: HeadHost) -> None:
        self._segments = self._new_segments(HEAD)
        self._exchange = Exchange(
            HEAD,
            transport=self._transports(directory),
            segments=self._segments,
            peers=Peers(),
            on_error=self._on_error,
        )
        self._keeper = ValueKeeper(self._exchange, self._segments)
        self._exchange.on_request(HELLO, self._on_hello)
        self._exchange.on_request(READY, self._on_ready)
        self._exchange.on_request(FAILED, self._on_failed)
        self._exchange.on_request(USAGE, self._on_usage)
        self._link = EmbeddedLink(self._exchange, self._segments)
        self._exchange.open()
        await self._link.start(head)

    def _spawn(self, host: Host, others: Sequence[Host]) -> Member:
        assert self._directory is not None
        assert self._head is not None
        process = start_process(
            host,
            [other for other in others if other.uid != host.uid],
            self._plan,
            directory=self._directory,
            on_line=partial(self._head.line, host.uid),
            on_end=partial(self._on_end, host.uid),
        )
        member = Member(host, process, self._loop.create_future())
        self._members[host.uid] = member
        return member

    async def _wait_until_ready(self) -> None:
        members = list(self._members.values())
        waits = [member.ready for member in members]
        await asyncio.wait(waits, timeout=self._plan.patience, return_when=asyncio.FIRST_EXCEPTION)
        problems = {}
        for member in members:
            if not member.ready.done():
                problems[member.host.uid] = f"did not answer within {self._plan.patience:g} s"
            elif (error := member.ready.exception()) is not None:
                assert isinstance(error, EngineError)
                problems.update(error.hosts)
        if problems:
            text = "; ".join(f"{uid} {why}" for uid, why in problems.items())
            raise EngineError(f"hosts did not start: {text}", problems)

    async def _on_hello(self, sender: str, request: Message) -> Message:
        pid = request.fields.get("pid")
        member = self._members.get(sender)
        if member is None or not isinstance(pid, int):
            raise EngineError(f"unexpected host {sender}")
        member.process.identify(pid)
        member.host = Host(sender, member.host.plan, pid)
        return Message("engine:settings", payload=self._plan.settings)

    async def _on_ready(self, sender: str, _request: Message) -> Message:
        member = self._members.get(sender)
        if member is not None and not member.ready.done():
            member.ready.set_result(None)
        return OK

    async def _on_failed(self, sender: str, request: Message) -> Message:
        member = self._members.get(sender)
        if member is not None:
            member.note_failure(f"could not start: {request.fields.get('text')}")
        return OK

    async def _on_usage(self, _sender: str, _request: Message) -> Message:
        uids = [HEAD, *self._members]
        running = await asyncio.gather(*map(self._running_on, uids))
        usage = {}
        for uid, count in zip(uids, running, strict=True):
            cpu, rss = self._meter(uid).sample()
            usage[uid] = [cpu, rss, *self._keeper.stored_by(uid), count]
        return Message(USAGE, usage)

    async def _running_on(self, uid: str) -> int:
        try:
            reply = await self._exchange.request(uid, Message(RUNNING), timeout=BUSY_TIME)
        except (EngineError, TimeoutError):
            return 0
        running = reply.fields.get("running")
        return running if isinstance(running, int) else 0

    def _meter(self, uid: str) -> ProcessMeter:
        member = self._members.get(uid)
        pid = os.getpid() if member is None else member.host.pid
        return self._meters.setdefault(uid, ProcessMeter(pid or 0))

    def _on_end(self, uid: str, code: int, lines: Sequence[str]) -> None:
        member = self._members.pop(uid)
        self._meters.pop(uid, None)
        reason = member.reason(code, lines)
        if code:
            # if its watchdog was killed, its descendants may still run
            kill = self._loop.run_in_executor(None, self._kill_marked, HOST_VARIABLE, uid)
            self._cleanups.add(kill)
            kill.add_done_callback(self._cleanups.discard)
        printed = "".join(f"\n{line}" for line in lines)
        had_started = member.ready.done() and member.ready.exception() is None
        member.note_failure(f"{reason}; it printed:{printed or ' nothing'}")
        if had_started:
            self._report_loss(uid, reason)

    def _report_loss(self, uid: str, reason: LossReason) -> None:
        if self._is_closing:
            self._exchange.refuse(uid, reason)
            self._exchange.end_calls(uid, reason)
        else:
            self._connected.host_lost(uid, reason)
        self._keeper.host_lost(uid)
        for other in self._members:
            self._exchange.notify(other, LOST, {"uid": uid, "reason": reason_to_plain(reason)})

    async def _stop(self, uid: str, patience: float) -> None:
        """Have a host stop, and wait until it has ended; for a limited time."""
        member = self._members.get(uid)
        with contextlib.suppress(EngineError, asyncio.TimeoutError, TimeoutError):
            if member is not None and patience and member.ready.done():
                await self._exchange.request(uid, Message(STOP), timeout=patience)
                await asyncio.wait_for(member.process.has_ended.wait(), patience)

    async def _kill(self, member: Member) -> None:
        """End a host by force, and wait until it has ended."""
        member.is_ending = True
        if not member.process.kill():
            await self._loop.run_in_executor(
                None, self._kill_marked, HOST_VARIABLE, member.host.uid
            )
            member.process.kill_outer()
        await member.process.has_ended.wait()

    def _planned(self, uid: str) -> HostPlan:
        name = uid.partition("@")[0]
        for plan in self._plan.hosts:
            if plan.name == name:
                return plan
        raise EngineError(f"the plan has no host '{uid}'")


def _new_host(plan: HostPlan) -> Host:
    return Host(f"{plan.name}@{secrets.token_hex(4)}", plan)
