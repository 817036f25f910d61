"""Answers the requests of other processes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from adapters.embedded.handlers import Handlers, describe
from adapters.embedded.message_packing import MessagePacking
from adapters.wire.host_frames import Failure, Reply, Request, encode_frame
from application.interfaces.prompt_reply import follow
from domain.runtime.payloads import Message


class Answers:
    """Passes requests to their handlers, and sends the replies.

    Args:
        handlers: Handle the requests.
        packing: Packs the replies.
        reaches: Whether a process can be reached.
        send: Sends a frame to a process.
    """

    def __init__(
        self,
        *,
        handlers: Handlers,
        packing: MessagePacking,
        reaches: Callable[[str], bool],
        send: Callable[[str, bytes], None],
    ) -> None:
        self._handlers = handlers
        self._packing = packing
        self._reaches = reaches
        self._send = send
        self._pending: set[asyncio.Future[Any]] = set()

    def __len__(self) -> int:
        return len(self._pending)

    def answer(self, sender: str, frame: Request) -> None:
        """Answer a request: with a coroutine, unless the handler returns a future."""
        try:
            answer = self._handlers.handle(sender, self._packing.unpack(sender, frame))
        except Exception as error:  # noqa: BLE001 - the sender waits for a reply
            self._send_failure(sender, frame.number, error)
            return
        if isinstance(answer, asyncio.Future):
            self._pending.add(answer)
            follow(answer, partial(self._answered, sender, frame.number))
        else:
            self.run(self._answer_later(sender, frame.number, answer))

    def run(self, work: Coroutine[object, object, None]) -> None:
        """Run a coroutine that answers a request."""
        task = asyncio.get_running_loop().create_task(work)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    def cancel(self) -> None:
        """Drop the requests that are being handled."""
        for answer in list(self._pending):
            answer.cancel()

    async def _answer_later(self, sender: str, number: int, answer: Awaitable[Message]) -> None:
        try:
            # In one step, because the handler may then release the values in the reply.
            self._send_reply(sender, number, await answer)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the sender waits for a reply
            self._send_failure(sender, number, error)

    def _answered(self, sender: str, number: int, answer: asyncio.Future[Message]) -> None:
        self._pending.discard(answer)
        if answer.cancelled():
            return
        try:
            self._send_reply(sender, number, answer.result())
        except Exception as error:  # noqa: BLE001 - the sender waits for a reply
            self._send_failure(sender, number, error)

    def _send_reply(self, sender: str, number: int, reply: Message) -> None:
        if self._reaches(sender):
            self._send(sender, self._packing.pack(sender, Reply, number, reply))

    def _send_failure(self, sender: str, number: int, error: BaseException) -> None:
        if self._reaches(sender):
            self._send(sender, encode_frame(Failure(number, describe(error))))
