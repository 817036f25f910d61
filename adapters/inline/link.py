"""The engine `inline`, as each host sees it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextvars import Context
from pathlib import Path
from typing import Final, Protocol, final

from adapters.inline.values import InlineValues, frozen
from application.interfaces.task_engine import EngineLink, RuntimeHost, Ticket
from domain.runtime.errors import EngineError, HostFailed, HostLost, Unreachable, Unsupported
from domain.runtime.hosts import (
    CancelOutcome,
    Capability,
    HostUsage,
    LossReason,
    SubmitOptions,
)
from domain.runtime.payloads import EngineValue, Message, Payload

CAPABILITIES: Final = frozenset({Capability.SHARES, Capability.NOTICES, Capability.REPLACES})


class Hosts(Protocol):
    """The hosts of an engine, by uid."""

    values: InlineValues

    def find(self, uid: str) -> InlineHost:
        """Return a host.

        Raises:
            HostLost: It is gone.
            Unreachable: It never existed, or the engine is closed.
        """

    def uids(self) -> list[str]:
        """Return the uids of all hosts, with that of the head."""


@final
class InlineHost(EngineLink):
    """A host, and its link to the others.

    Args:
        uid: Its uid.
        hosts: All hosts.
    """

    def __init__(self, uid: str, hosts: Hosts) -> None:
        self._uid = uid
        self._hosts = hosts
        self._host: RuntimeHost | None = None
        self._handling: set[asyncio.Task[Message]] = set()
        self.reason: LossReason | None = None

    @property
    def uid(self) -> str:
        """Its uid."""
        return self._uid

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities of this engine."""
        return CAPABILITIES

    @property
    def host(self) -> RuntimeHost:
        """The RuntimeHost.

        Raises:
            Unreachable: It has not started.
        """
        if self._host is None:
            msg = f"{self._uid} has not started"
            raise Unreachable(msg)
        return self._host

    async def start(self, host: RuntimeHost) -> None:
        """Start the RuntimeHost."""
        self._host = host
        await asyncio.get_running_loop().create_task(host.start())

    async def stop(self, patience: float) -> None:
        """Stop the RuntimeHost, and drop its pending requests."""
        if self._host is None:
            return
        stopping = asyncio.get_running_loop().create_task(self._host.stop())
        await asyncio.wait([stopping], timeout=patience)
        stopping.cancel()
        await self.drop_requests()

    async def drop_requests(self) -> None:
        """Cancel the requests that are being handled."""
        handling = list(self._handling)
        for task in handling:
            task.cancel()
        if handling:
            await asyncio.wait(handling)

    async def call(self, host: str, request: Message, *, timeout: float | None = None) -> Message:
        """Have a host handle a request, in its own context."""
        target = self._hosts.find(host)
        task = target.begin(self._uid, self._arrived(request, host))
        try:
            done, _ = await asyncio.wait([task], timeout=timeout)
        except asyncio.CancelledError:
            task.add_done_callback(self._drop_reply)
            raise
        if target.reason is not None:
            raise HostLost(host, target.reason, perhaps_done=True)
        if not done:
            task.add_done_callback(self._drop_reply)
            msg = f"{host} did not reply to '{request.kind}' within {timeout} s"
            raise TimeoutError(msg)
        return _reply(task, host)

    def begin(self, sender: str, request: Message) -> asyncio.Task[Message]:
        """Begin to handle a request."""
        # Not in the context of the sender, which belongs to another host.
        task = Context().run(asyncio.get_running_loop().create_task, self._serve(sender, request))
        self._handling.add(task)
        task.add_done_callback(self._handled)
        return task

    async def put(self, payload: Payload, *, near: str | None = None) -> EngineValue:  # noqa: ARG002
        """Store a value."""
        return self._hosts.values.put(self._uid, payload)

    async def get(self, value: EngineValue, *, timeout: float | None = None) -> Payload:  # noqa: ARG002
        """Return a value."""
        return self._hosts.values.get(value)

    def retain(self, value: EngineValue) -> None:
        """Retain a value once more."""
        self._hosts.values.retain(self._uid, value)

    def release(self, value: EngineValue) -> None:
        """Retain a value once less."""
        self._hosts.values.release(self._uid, value)

    async def spill(self, nbytes: int) -> int:  # noqa: ARG002
        """Raise Unsupported: this engine does not have SPILLS."""
        raise Unsupported(Capability.SPILLS, "inline")

    async def submit(self, function: str, arguments: Message, options: SubmitOptions) -> Ticket:  # noqa: ARG002
        """Raise Unsupported: this engine does not have PLACES."""
        raise Unsupported(Capability.PLACES, "inline")

    async def cancel(self, ticket: Ticket, *, force: bool = False) -> CancelOutcome:  # noqa: ARG002
        """Raise Unsupported: this engine does not have PLACES."""
        raise Unsupported(Capability.PLACES, "inline")

    async def usage(self) -> Mapping[str, HostUsage]:
        """Return what each host stores and handles; they share the memory of this process."""
        return {uid: self._hosts.find(uid).own_usage() for uid in self._hosts.uids()}

    def own_usage(self) -> HostUsage:
        """Return what this host stores and handles."""
        stored = self._hosts.values.stored(self._uid)
        return HostUsage(self._uid, 0.0, _rss(), stored=stored, running=len(self._handling))

    async def _serve(self, sender: str, request: Message) -> Message:
        try:
            reply = await self.host.handle(sender, request)
        except (asyncio.CancelledError, EngineError):
            raise
        except BaseException as error:
            # Also SystemExit, which would end the event loop.
            msg = f"{self._uid} failed: {type(error).__name__}: {error}"
            raise HostFailed(msg) from error
        # At once, because the host may release the values as soon as it has returned.
        return self._arrived(reply, sender)

    def _arrived(self, message: Message, receiver: str) -> Message:
        for value in message.values:
            self._hosts.values.retain(receiver, value)
        return Message(message.kind, message.fields, frozen(message.payload), message.values)

    def _drop_reply(self, task: asyncio.Task[Message]) -> None:
        """Release the values in a reply that no caller waits for."""
        if not task.cancelled() and task.exception() is None:
            for value in task.result().values:
                self.release(value)

    def _handled(self, task: asyncio.Task[Message]) -> None:
        self._handling.discard(task)
        if not task.cancelled():
            task.exception()  # Retrieve it, in case the caller has gone.


def _rss() -> int:
    """Return the memory of this process, in which all hosts live."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _reply(task: asyncio.Task[Message], host: str) -> Message:
    if task.cancelled():
        msg = f"{host} has stopped"
        raise Unreachable(msg)
    return task.result()
