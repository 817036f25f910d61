"""Exchanges requests, replies and notices with the other processes of a run."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

from adapters.embedded.parcels import LentBlocks, pack, unpack
from adapters.embedded.peers import Peers
from adapters.embedded.pending_calls import PendingCalls
from adapters.wire.host_frames import (
    BlockParcel,
    Failure,
    Notice,
    Parcel,
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
from domain.runtime.payloads import EngineValue, Message, Payload, Plain

RequestHandler: TypeAlias = Callable[[str, Message], Awaitable[Message]]
NoticeHandler: TypeAlias = Callable[[str, Mapping[str, Plain]], None]

FREE: Final = "engine:free"
MAX_TEXT: Final = 10_000


class Exchange:
    """Sends frames to other processes, and passes those that arrive to their handlers.

    Args:
        uid: The uid of this process.
        transport: Carries the frames.
        segments: Shared memory for large payloads.
        peers: The other processes.
        on_error: Receives descriptions of internal errors and invalid frames.
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
        self._transport = transport
        self._segments = segments
        self._peers = peers
        self._on_error = on_error
        self._calls = PendingCalls()
        self._lent = LentBlocks(segments)
        self._request_handlers: dict[str, RequestHandler] = {}
        self._notice_handlers: dict[str, NoticeHandler] = {FREE: self._free}
        self._default_handler: RequestHandler | None = None
        self._on_value_sent: Callable[[EngineValue, str], None] = _ignore
        self._on_value_arrived: Callable[[EngineValue], None] = _ignore
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_open = False

    @property
    def workers(self) -> Sequence[str]:
        """The other workers, without order."""
        return self._peers.workers

    def on_request(self, kind: str, handler: RequestHandler) -> None:
        """Pass requests of a kind to a handler."""
        self._request_handlers[kind] = handler

    def on_other_requests(self, handler: RequestHandler) -> None:
        """Pass all other requests to a handler."""
        self._default_handler = handler

    def on_notice(self, kind: str, handler: NoticeHandler) -> None:
        """Pass notices of a kind to a handler."""
        self._notice_handlers[kind] = handler

    def on_values(
        self, *, sent: Callable[[EngineValue, str], None], arrived: Callable[[EngineValue], None]
    ) -> None:
        """Report the values in each message, before it is sent and when it has arrived."""
        self._on_value_sent = sent
        self._on_value_arrived = arrived

    def open(self) -> None:
        """Start to receive frames.

        Raises:
            OSError: If that is not possible.
        """
        self._loop = asyncio.get_running_loop()
        self._transport.open(self.uid, self._receive)
        self._is_open = True

    def close(self) -> None:
        """End all calls with an error, drop the requests that are being handled, and disconnect."""
        self._is_open = False
        for task in self._tasks:
            task.cancel()
        self._calls.fail_all(Unreachable("the engine is closed"))
        self._transport.close()

    async def request(
        self, host: str, message: Message, *, timeout: float | None = None
    ) -> Message:
        """Send a request, and return the reply; see `EngineLink.call`."""
        if not self._is_open:
            raise Unreachable("the engine is not open")
        if host == self.uid:
            return await self._request_here(message, timeout)
        self._peers.check(host)
        number, future = self._calls.begin(host)
        timer = None
        try:
            self._send_message(host, Request, number, message)
            if timeout is not None:
                timer = self._loop.call_later(timeout, _time_out, future, host, message.kind)
            return await future
        finally:
            self._calls.drop(number)
            if timer is not None:
                timer.cancel()

    def notify(self, host: str, kind: str, fields: Mapping[str, Plain]) -> None:
        """Send a notice; one to a host that is gone is dropped."""
        if host == self.uid:
            self._notice_handlers[kind](host, fields)
        elif host in self._peers and self._is_open:
            self._transport.send(host, encode_frame(Notice(kind, fields)))

    def expect(self, uid: str) -> None:
        """Accept frames of a process."""
        for frame in self._peers.expect(uid):
            self._receive(uid, frame)

    def refuse(self, uid: str, reason: LossReason) -> None:
        """Refuse calls to a process that is gone, and its frames."""
        self._peers.lose(uid, reason)

    def end_calls(self, uid: str, reason: LossReason) -> None:
        """End all calls to a process that is gone, and drop what is queued for it."""
        self._calls.host_lost(uid, reason)
        self._lent.host_lost(uid)
        self._transport.forget(uid)

    async def _request_here(self, message: Message, timeout: float | None) -> Message:
        handler = self._handler(message.kind)
        if handler is None:
            raise Unreachable(f"{self.uid} does not handle requests")
        request = self._delivered_here(message)
        try:
            reply = await asyncio.wait_for(handler(self.uid, request), timeout)
        except EngineError:
            raise
        except asyncio.TimeoutError:
            msg = f"{self.uid} did not reply to '{message.kind}' in time"
            raise TimeoutError(msg) from None
        except Exception as error:
            raise HostFailed(_describe(error)) from error
        return self._delivered_here(reply)

    def _delivered_here(self, message: Message) -> Message:
        """Return a message as it arrives in this process: nothing can change it any more."""
        for value in message.values:
            self._on_value_sent(value, self.uid)
            self._on_value_arrived(value)
        if not message.payload.buffers:
            return message
        payload = Payload(message.payload.data, tuple(map(bytes, message.payload.buffers)))
        return replace(message, payload=payload)

    def _handler(self, kind: str) -> RequestHandler | None:
        return self._request_handlers.get(kind, self._default_handler)

    def _send_message(
        self, host: str, create: type[Request | Reply], number: int, message: Message
    ) -> None:
        parcel = pack(message.payload, self._segments)
        try:
            frame = encode_frame(
                create(number, message.kind, message.fields, parcel, message.values)
            )
        except BaseException:
            self._drop_parcel(parcel)
            raise
        for value in message.values:
            self._on_value_sent(value, host)
        self._lent.lend(parcel, host)
        self._transport.send(host, frame)

    def _drop_parcel(self, parcel: Parcel) -> None:
        if isinstance(parcel, BlockParcel):
            self._segments.free(parcel.place.segment, parcel.place.offset)

    def _receive(self, sender: str, data: bytes) -> None:
        if sender not in self._peers:
            self._peers.keep_early(sender, data)
            return
        try:
            frame = decode_frame(data)
        except RemoteProtocolError as error:
            self._on_error(f"dropped a frame of {sender}: {error}")
            return
        if isinstance(frame, Request):
            task = self._loop.create_task(self._answer(sender, frame))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(frame, Reply):
            self._accept_reply(sender, frame)
        elif isinstance(frame, Failure):
            future = self._calls.take(frame.number, sender)
            if future is not None:
                future.set_exception(HostFailed(f"{sender} failed: {frame.text}"))
        else:
            # in order with the requests, whose tasks start later too
            self._loop.call_soon(self._accept_notice, sender, frame)

    def _accept_reply(self, sender: str, frame: Reply) -> None:
        # even if no caller waits for it, what it holds must be released
        message = self._message(sender, frame)
        future = self._calls.take(frame.number, sender)
        if future is not None and message is not None:
            future.set_result(message)

    def _accept_notice(self, sender: str, frame: Notice) -> None:
        handler = self._notice_handlers.get(frame.kind)
        try:
            if handler is None:
                msg = "unknown kind"
                raise RemoteProtocolError(msg)
            handler(sender, frame.fields)
        except (RemoteProtocolError, LookupError, TypeError, ValueError) as error:
            self._on_error(f"dropped notice '{frame.kind}' of {sender}: {error!r}")

    async def _answer(self, sender: str, frame: Request) -> None:
        try:
            message = self._message(sender, frame)
            handler = self._handler(frame.kind)
            if message is None or handler is None:
                return
            self._send_message(sender, Reply, frame.number, await handler(sender, message))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the sender waits for a reply
            self._send_failure(sender, frame.number, error)

    def _send_failure(self, sender: str, number: int, error: BaseException) -> None:
        if sender in self._peers and self._is_open:
            self._transport.send(sender, encode_frame(Failure(number, _describe(error))))

    def _message(self, sender: str, frame: Request | Reply) -> Message | None:
        """Return the message in a frame; None if its sender is gone with the shared memory."""
        for value in frame.values:
            self._on_value_arrived(value)
        on_unmapped = partial(self._give_back_soon, sender, frame.parcel)
        try:
            payload = unpack(frame.parcel, self._segments, on_unmapped=on_unmapped)
        except OSError as error:
            self._on_error(f"cannot read a message of {sender}: {error}")
            return None
        return Message(frame.kind, frame.fields, payload, frame.values)

    def _give_back_soon(self, sender: str, parcel: Parcel) -> None:
        # a finalizer may run on any thread, or after the loop is closed
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._give_back, sender, parcel)

    def _give_back(self, sender: str, parcel: Parcel) -> None:
        if isinstance(parcel, BlockParcel):
            place = parcel.place
            self.notify(sender, FREE, {"segment": place.segment, "offset": place.offset})

    def _free(self, _sender: str, fields: Mapping[str, Plain]) -> None:
        match fields:
            case {"segment": str(segment), "offset": int(offset)}:
                self._lent.give_back(segment, offset)


def _describe(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-MAX_TEXT:]


def _time_out(future: asyncio.Future[Message], host: str, kind: str) -> None:
    if not future.done():
        future.set_exception(TimeoutError(f"{host} did not reply to '{kind}' in time"))


def _ignore(*_arguments: object) -> None:
    """Do nothing."""
