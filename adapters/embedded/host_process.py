"""A host, in its own process."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

from adapters.embedded.exchange import Exchange
from adapters.embedded.link import EmbeddedLink
from adapters.embedded.peers import Peers
from adapters.embedded.start_up import EXPECT, FAILED, HELLO, JOINED, LOST, OK, READY, STOP
from adapters.wire.host_orders import HostOrders
from adapters.wire.host_values import host_from_plain, reason_from_plain
from application.interfaces.host_transport import HostTransport
from application.interfaces.segments import SegmentPool
from domain.runtime.errors import EngineError
from domain.runtime.hosts import HEAD
from domain.runtime.payloads import Message, Plain

if TYPE_CHECKING:
    from application.interfaces.task_engine import HostFactory, RuntimeHost

MAX_TEXT: Final = 10_000


class HostProcess:
    """Joins a run, and handles requests until the head stops it.

    Args:
        orders: The orders of the head.
        transport: Carries frames.
        segments: Shared memory.
    """

    def __init__(
        self, orders: HostOrders, *, transport: HostTransport, segments: SegmentPool
    ) -> None:
        self._orders = orders
        self._segments = segments
        self._exchange = Exchange(
            orders.host.uid,
            transport=transport,
            segments=segments,
            peers=Peers([HEAD, *(host.uid for host in orders.others)]),
            on_error=_print_error,
        )
        self._link = EmbeddedLink(self._exchange, segments)
        self._host: RuntimeHost | None = None
        self._is_over = asyncio.Event()

    async def run(self, head: int) -> int:
        """Run until the head stops this host.

        Args:
            head: A descriptor that becomes readable when the head is gone.

        Returns:
            The exit code.
        """
        asyncio.get_running_loop().add_reader(head, _end_without_head)
        self._exchange.handlers.on_request(STOP, self._stop)
        self._exchange.handlers.on_notice(EXPECT, self._expect)
        self._exchange.handlers.on_notice(JOINED, self._note_joined)
        self._exchange.handlers.on_notice(LOST, self._note_lost)
        self._exchange.open()
        try:
            is_started = await self._start()
            if is_started:
                await self._is_over.wait()
        finally:
            self._exchange.close()
            self._segments.close()
        return 0 if is_started else 1

    async def _start(self) -> bool:
        request = self._exchange.request
        settings = await request(HEAD, Message(HELLO, {"pid": os.getpid()}))
        self._note_earlier_losses(settings.fields.get("lost"))
        try:
            factory = _load_factory(self._orders.factory)
            self._host = factory(self._link, self._orders.host, settings.payload)
            for other in self._orders.others:
                self._host.host_joined(other)
            await self._link.start(self._host)
        except Exception:  # noqa: BLE001 - the factory and its RuntimeHost may raise anything
            text = traceback.format_exc()[-MAX_TEXT:]
            await request(HEAD, Message(FAILED, {"text": text}))
            return False
        await request(HEAD, Message(READY))
        return True

    async def _stop(self, _sender: str, _request: Message) -> Message:
        try:
            if self._host is not None:
                await self._host.stop()
        finally:
            # the reply is queued before `run` continues
            self._is_over.set()
        return OK

    def _expect(self, _sender: str, fields: Mapping[str, Plain]) -> None:
        match fields:
            case {"uid": str(uid)}:
                self._exchange.expect(uid)

    def _note_joined(self, _sender: str, fields: Mapping[str, Plain]) -> None:
        self._link.host_joined(host_from_plain(fields.get("host")))

    def _note_lost(self, _sender: str, fields: Mapping[str, Plain]) -> None:
        match fields:
            case {"uid": str(uid), "reason": reason}:
                self._link.host_lost(uid, reason_from_plain(reason))

    def _note_earlier_losses(self, lost: Plain) -> None:
        if isinstance(lost, Mapping):
            for uid, reason in lost.items():
                self._link.host_lost(uid, reason_from_plain(reason))


def _load_factory(name: str) -> HostFactory:
    module, _, attribute = name.partition(":")
    factory = getattr(importlib.import_module(module), attribute, None)
    if not callable(factory):
        raise EngineError(f"'{name}' is not a function")
    return cast("Callable[..., RuntimeHost]", factory)


def _end_without_head() -> None:
    # tasks may still run on other threads
    os._exit(1)


def _print_error(text: str) -> None:
    print(f"conjoin: {text}", file=sys.stderr)  # noqa: T201
