"""The object in each process of a run that receives requests and events from the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from application.interfaces.task_engine import HeadHost
from application.runtime import context
from application.runtime.process_services import ProcessServices
from domain.runtime.hosts import Host, LossReason
from domain.runtime.payloads import Message

Lines = Callable[[str, str, str], None]


class ProcessHost(HeadHost):
    """Passes requests and events to the services of its process.

    Args:
        services: The services of the process.
        print_line: Prints a line of another process, on the head.
        is_default: Whether all code of the process belongs to these services.
        stopped: Called when the engine stops this process.
    """

    def __init__(
        self,
        services: ProcessServices,
        *,
        print_line: Lines | None = None,
        is_default: bool = True,
        stopped: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._services = services
        self._print_line = print_line
        self._is_default = is_default
        self._stopped = stopped

    async def start(self) -> None:
        """Use the event loop that runs."""
        self._services.open(asyncio.get_running_loop())
        if self._is_default:
            context.add_default(self._services)

    def handle(self, sender: str, request: Message) -> Awaitable[Message]:
        """Serve a request, in the context of these services."""
        context.enter(self._services)
        return self._services.reception.handle(sender, request)

    async def stop(self) -> None:
        """End what this process waits for."""
        if self._is_default:
            context.remove_default(self._services)
        await self._services.close()
        if self._stopped is not None:
            await self._stopped()

    def host_joined(self, host: Host) -> None:
        """Add a member."""
        self._services.members.connect(host.uid)

    def host_lost(self, uid: str, reason: LossReason) -> None:
        """Remove a member, before the errors of its tasks are raised."""
        self._services.members.disconnect(uid, reason)

    def line(self, uid: str, stream: str, text: str) -> None:
        """Print a line of another process."""
        if self._print_line is not None:
            self._print_line(uid, stream, text)
