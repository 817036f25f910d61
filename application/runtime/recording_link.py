"""An engine's link that records transfers of values in the profile."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import final

from application.interfaces.task_engine import EngineLink, Ticket
from application.runtime.profile_buffer import ProfileBuffer
from domain.runtime.hosts import CancelOutcome, Capability, HostUsage, SubmitOptions
from domain.runtime.payloads import EngineValue, Message, Payload

TRANSFER = "transfer"
ROW = "transfers"


@final
class RecordingLink(EngineLink):
    """Passes everything on to another link.

    Args:
        link: The other link.
        profile: Gets the transfers.
    """

    def __init__(self, link: EngineLink, profile: ProfileBuffer) -> None:
        self._link = link
        self._profile = profile

    @property
    def uid(self) -> str:
        """The uid of this process's RuntimeHost."""
        return self._link.uid

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities of this engine."""
        return self._link.capabilities

    def call(
        self, host: str, request: Message, *, timeout: float | None = None
    ) -> Awaitable[Message]:
        """Have a host handle a request."""
        return self._link.call(host, request, timeout=timeout)

    async def put(self, payload: Payload, *, near: str | None = None) -> EngineValue:
        """Store a value, and record it."""
        start, line = self._profile.now(), self._profile.begin(ROW)
        try:
            return await self._link.put(payload, near=near)
        finally:
            self._profile.end("put", TRANSFER, start, row=ROW, line=line, size=payload.size)

    async def get(self, value: EngineValue, *, timeout: float | None = None) -> Payload:
        """Return a value, and record it."""
        start, line = self._profile.now(), self._profile.begin(ROW)
        try:
            return await self._link.get(value, timeout=timeout)
        finally:
            self._profile.end("get", TRANSFER, start, row=ROW, line=line, size=value.size)

    def retain(self, value: EngineValue) -> None:
        """Retain a value once more in this process."""
        self._link.retain(value)

    def release(self, value: EngineValue) -> None:
        """Undo one `put` or `retain`."""
        self._link.release(value)

    async def spill(self, nbytes: int) -> int:
        """Write values that this process has stored to files."""
        return await self._link.spill(nbytes)

    async def submit(self, function: str, arguments: Message, options: SubmitOptions) -> Ticket:
        """Run a function on a host that the engine chooses."""
        return await self._link.submit(function, arguments, options)

    async def cancel(self, ticket: Ticket, *, force: bool = False) -> CancelOutcome:
        """Cancel a submitted function."""
        return await self._link.cancel(ticket, force=force)

    async def usage(self) -> Mapping[str, HostUsage]:
        """Return what each host uses."""
        return await self._link.usage()
