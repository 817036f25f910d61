"""Exchanges requests, replies and notices with the other processes of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from adapters.embedded.answers import Answers
from adapters.embedded.handlers import Handlers, describe
from adapters.embedded.message_packing import FREE, MessagePacking
from adapters.embedded.peers import Peers
from adapters.embedded.pending_calls import PendingCalls
from adapters.wire.host_frames import (
    Failure,
    Frame,
    Notice,
    Reply,
    Request,
    decode_frame,
    encode_frame,
)
from application.interfaces.host_transport import HostTransport
from application.interfaces.segments import SegmentPool
from domain.errors import RemoteProtocolError
from domain.runtime.errors import EngineError, HostFailed, Unreachable
from domain.runtime.hosts import LossReason
from domain.runtime.payloads import Message, Plain


class Exchange:
    """Sends frames to other processes, and passes those that arrive to their handlers.

    Args:
        uid: The uid of this process.
        transport: Carries the frames.
        segments: Shared memory for large payloads.
        peers: The other processes.
        on_error: Receives descriptions of internal errors and invalid frames.

    Attributes:
        uid: The uid of this process.
        handlers: Handle the requests and notices that arrive.
        packing: Packs messages into frames.
    """

    def __init__(
        self,
        uid: str,
        *,
        transport: HostTransport,
        segments: SegmentPool,
        peers: Peers,
        on_error: Callable[[str], None],
    ) -> None:
        self.uid = uid
        self.handlers = Handlers()
        self.packing = MessagePacking(uid, segments, self.notify)
        self._transport = transport
        self._peers = peers
        self._on_error = on_error
        self._calls = PendingCalls()
        self._answers = Answers(
            handlers=self.handlers,
            packing=self.packing,
            reaches=self._reaches,
            send=transport.send,
        )
        self._queued = 0
        self._is_open = False
        self.handlers.on_notice(FREE, self.packing.free)

    @property
    def handling(self) -> int:
        """How many requests this process is handling."""
        return len(self._answers)

    @property
    def workers(self) -> Sequence[str]:
        """The other workers that handle requests, without order."""
        return self._peers.workers

    def open(self) -> None:
        """Start to receive frames.

        Raises:
            OSError: If that is not possible.
        """
        self._loop = asyncio.get_running_loop()
        self.packing.open()
        self._transport.open(self.uid, self._receive)
        self._is_open = True

    def close(self) -> None:
        """End all calls with an error, drop the requests that are being handled, and disconnect."""
        self._is_open = False
        self._answers.cancel()
        self._calls.fail_all(Unreachable("the engine is closed"))
        self._transport.close()

    def request(
        self, host: str, message: Message, *, timeout: float | None = None
    ) -> asyncio.Future[Message]:
        """Send a request now, and return the future of the reply; see `EngineLink.call`."""
        number, future = self._calls.begin(host)
        try:
            self._send_request(host, number, message)
        except Exception as error:  # noqa: BLE001 - the await raises it
            self._calls.drop(number)
            future.set_exception(error)
            return future
        if timeout is not None:
            timer = self._loop.call_later(timeout, _time_out, future, host, message.kind)
            future.add_done_callback(lambda _: timer.cancel())
        return future

    def _send_request(self, host: str, number: int, message: Message) -> None:
        if not self._is_open:
            raise Unreachable("the engine is not open")
        if host == self.uid:
            self._answers.run(self._answer_here(number, self.packing.delivered_here(message)))
            return
        self._peers.check(host)
        self._transport.send(host, self.packing.pack(host, Request, number, message))

    def notify(self, host: str, kind: str, fields: Mapping[str, Plain]) -> None:
        """Send a notice; one to a host that is gone is dropped."""
        if host == self.uid:
            self.handlers.handle_notice(host, kind, fields)
        elif self._reaches(host):
            self._transport.send(host, encode_frame(Notice(kind, fields)))

    def expect(self, uid: str) -> None:
        """Accept frames of a process."""
        for frame in self._peers.expect(uid):
            self._receive(uid, frame)

    def join(self, uid: str) -> None:
        """Note that a process handles requests."""
        self._peers.join(uid)

    def refuse(self, uid: str, reason: LossReason) -> bool:
        """Refuse calls to a process that is gone, and its frames; return whether it had joined."""
        return self._peers.lose(uid, reason)

    def end_calls(self, uid: str, reason: LossReason) -> None:
        """End all calls to a process that is gone, and drop what is queued for it."""
        self._calls.host_lost(uid, reason)
        self.packing.host_lost(uid)
        self._transport.forget(uid)

    def _receive(self, sender: str, data: bytes) -> None:
        if sender not in self._peers:
            self._peers.keep_early(sender, data)
            return
        try:
            frame = decode_frame(data)
        except RemoteProtocolError as error:
            self._on_error(f"dropped a frame of {sender}: {error}")
            return
        if self._queued or isinstance(frame, Notice):
            # in order with the requests before, whose tasks start later too
            self._queued += 1
            self._loop.call_soon(self._handle_queued, sender, frame)
        else:
            self._handle(sender, frame)

    def _handle_queued(self, sender: str, frame: Frame) -> None:
        self._queued -= 1
        self._handle(sender, frame)

    def _handle(self, sender: str, frame: Frame) -> None:
        if isinstance(frame, Request):
            self._answers.answer(sender, frame)
        elif isinstance(frame, Reply):
            self._accept_reply(sender, frame)
        elif isinstance(frame, Failure):
            self._fail(sender, frame.number, f"{sender} failed: {frame.text}")
        else:
            self._accept_notice(sender, frame)

    def _reaches(self, uid: str) -> bool:
        return uid in self._peers and self._is_open

    async def _answer_here(self, number: int, request: Message) -> None:
        try:
            reply = await self.handlers.handle(self.uid, request)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the caller waits for a reply
            future = self._calls.take(number, self.uid)
            if future is not None:
                is_ours = isinstance(error, EngineError)
                future.set_exception(error if is_ours else HostFailed(describe(error)))
        else:
            self._complete(self.uid, number, self.packing.delivered_here(reply))

    def _accept_reply(self, sender: str, frame: Reply) -> None:
        try:
            message = self.packing.unpack(sender, frame)
        except OSError as error:
            # usually its sender is gone, and its loss is reported next
            self._fail(sender, frame.number, f"the reply of {sender} cannot be read: {error}")
        else:
            self._complete(sender, frame.number, message)

    def _complete(self, sender: str, number: int, message: Message) -> None:
        future = self._calls.take(number, sender)
        if future is None:
            self.packing.drop(message)
        else:
            future.set_result(message)

    def _fail(self, sender: str, number: int, text: str) -> None:
        future = self._calls.take(number, sender)
        if future is not None:
            future.set_exception(HostFailed(text))

    def _accept_notice(self, sender: str, frame: Notice) -> None:
        try:
            self.handlers.handle_notice(sender, frame.kind, frame.fields)
        except (RemoteProtocolError, LookupError, TypeError, ValueError) as error:
            self._on_error(f"dropped notice '{frame.kind}' of {sender}: {error!r}")


def _time_out(future: asyncio.Future[Message], host: str, kind: str) -> None:
    if not future.done():
        future.set_exception(TimeoutError(f"{host} did not reply to '{kind}' in time"))
