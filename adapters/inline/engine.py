"""The engine `inline`."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from typing import final

from adapters.inline.link import CAPABILITIES, InlineHost
from adapters.inline.values import InlineValues
from application.interfaces.task_engine import (
    HeadHost,
    HostFactory,
    TaskEngine,
    Ticket,
)
from domain.runtime.errors import EngineError, HostLost, Unreachable
from domain.runtime.hosts import (
    HEAD,
    CancelOutcome,
    Capability,
    EnginePlan,
    Host,
    HostPlan,
    HostUsage,
    LossKind,
    LossReason,
    SubmitOptions,
)
from domain.runtime.payloads import EngineValue, Message, Payload

_ENDED = LossReason(LossKind.ENDED, "was ended")


@final
class InlineTaskEngine(TaskEngine):
    """Runs the planned hosts as objects in this process, on its event loop.

    Breakpoints, coverage and profilers work in tasks. Nothing is protected against a task that
    blocks or ends the process.
    """

    def __init__(self) -> None:
        self.values = InlineValues()
        self._links: dict[str, InlineHost] = {}
        self._hosts: dict[str, Host] = {}
        self._lost: dict[str, LossReason] = {}
        self._lives = 0
        self._plan: EnginePlan | None = None
        self._factory: HostFactory | None = None

    @property
    def uid(self) -> str:
        """The uid of the head."""
        return HEAD

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities of this engine."""
        return CAPABILITIES

    async def open(self, plan: EnginePlan, head: HeadHost) -> Sequence[Host]:
        """Start the hosts."""
        if any(host.node for host in plan.hosts):
            raise EngineError(
                "engine 'inline' runs in one process only. For several nodes, use engine='dask'"
            )
        self._plan = plan
        self._links[HEAD] = InlineHost(HEAD, self)
        await self._links[HEAD].start(head)
        hosts = [self._new_host(host) for host in plan.hosts]
        try:
            self._factory = _factory(plan.factory)
        except (ImportError, AttributeError, ValueError) as error:
            await self.close(patience=0.0)
            msg = f"the factory {plan.factory} cannot be imported: {error}"
            raise EngineError(msg) from error
        starts = {host.uid: asyncio.ensure_future(self._start(host, hosts)) for host in hosts}
        if starts:
            await asyncio.wait(starts.values(), timeout=plan.patience)
        failures = {uid: why for uid, start in starts.items() if (why := _failure(start))}
        if failures:
            await self.close(patience=0.0)
            raise EngineError("; ".join(f"{uid} {why}" for uid, why in failures.items()), failures)
        return hosts

    async def close(self, *, patience: float = 5.0) -> None:
        """Stop the hosts."""
        links, self._links = self._links, {}
        for uid, link in links.items():
            if uid != HEAD:
                await link.stop(patience)
        if HEAD in links:
            await links[HEAD].stop(patience)
        self._hosts.clear()

    async def end(self, host: str) -> None:
        """End a host: it is not stopped, and what it handles is cancelled."""
        link = self._links.pop(host, None)
        if link is None or host == HEAD:
            return
        link.reason = self._lost[host] = _ENDED
        del self._hosts[host]
        self.values.remove_holder(host)
        for other in self._links.values():
            other.host.host_lost(host, _ENDED)
        await link.drop_requests()

    async def replace(self, host: str) -> Host:
        """Start a host again."""
        await self.end(host)
        plan = self._planned(host)
        if any(other.plan == plan for other in self._hosts.values()):
            msg = f"another life of {host} runs already"
            raise EngineError(msg)
        new = self._new_host(plan)
        await self._start(new, list(self._hosts.values()))
        for uid in [HEAD, *self._hosts]:
            if uid != new.uid:
                self.find(uid).host.host_joined(new)
        return new

    async def call(self, host: str, request: Message, *, timeout: float | None = None) -> Message:
        """Have a host handle a request."""
        return await self.find(HEAD).call(host, request, timeout=timeout)

    async def put(self, payload: Payload, *, near: str | None = None) -> EngineValue:
        """Store a value."""
        return await self.find(HEAD).put(payload, near=near)

    async def get(self, value: EngineValue, *, timeout: float | None = None) -> Payload:
        """Return a value."""
        return await self.find(HEAD).get(value, timeout=timeout)

    def retain(self, value: EngineValue) -> None:
        """Retain a value once more."""
        self.values.retain(HEAD, value)

    def release(self, value: EngineValue) -> None:
        """Retain a value once less."""
        self.values.release(HEAD, value)

    async def spill(self, nbytes: int) -> int:
        """Raise Unsupported: this engine does not have SPILLS."""
        return await self.find(HEAD).spill(nbytes)

    async def submit(self, function: str, arguments: Message, options: SubmitOptions) -> Ticket:
        """Raise Unsupported: this engine does not have PLACES."""
        return await self.find(HEAD).submit(function, arguments, options)

    async def cancel(self, ticket: Ticket, *, force: bool = False) -> CancelOutcome:
        """Raise Unsupported: this engine does not have PLACES."""
        return await self.find(HEAD).cancel(ticket, force=force)

    async def usage(self) -> Mapping[str, HostUsage]:
        """Return what each host uses."""
        return await self.find(HEAD).usage()

    def find(self, uid: str) -> InlineHost:
        """Return a host.

        Raises:
            HostLost: It is gone.
            Unreachable: It never existed, or the engine is closed.
        """
        if uid in self._lost:
            raise HostLost(uid, self._lost[uid], perhaps_done=False)
        if uid not in self._links:
            msg = f"{uid} does not exist, or the engine is closed"
            raise Unreachable(msg)
        return self._links[uid]

    def uids(self) -> list[str]:
        """Return the uids of all hosts, with that of the head."""
        return list(self._links)

    def _new_host(self, plan: HostPlan) -> Host:
        self._lives += 1
        return Host(f"{plan.name}@{self._lives:08x}", plan)

    async def _start(self, host: Host, hosts: Sequence[Host]) -> None:
        assert self._plan is not None
        assert self._factory is not None
        link = InlineHost(host.uid, self)
        runtime_host = self._factory(link, host, self._plan.settings)
        for other in hosts:
            if other.uid != host.uid:
                runtime_host.host_joined(other)
        self._links[host.uid] = link
        self._hosts[host.uid] = host
        await link.start(runtime_host)

    def _planned(self, uid: str) -> HostPlan:
        assert self._plan is not None
        name = uid.partition("@")[0]
        for plan in self._plan.hosts:
            if plan.name == name:
                return plan
        raise EngineError(f"{uid} is not a host of the plan")


def _factory(name: str) -> HostFactory:
    module, _, attribute = name.partition(":")
    factory: HostFactory = getattr(importlib.import_module(module), attribute)
    return factory


def _failure(start: asyncio.Future[None]) -> str:
    """Return why a host did not start; empty if it did."""
    if not start.done():
        start.cancel()
        return "did not answer in time"
    error = start.exception()
    return "" if error is None else f"did not start: {type(error).__name__}: {error}"
