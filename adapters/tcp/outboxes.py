"""Messages that are stored until MUSCLE3 instances fetch them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import final

from adapters.tcp.queue_limit import OPEN, QueueGate, QueueLimit
from adapters.tcp.server import Reply
from adapters.wire import mpp
from application.interfaces.peer_transport import Outlet
from domain.coupling.messages import PeerMessage


class Outboxes:
    """Stores encoded messages by receiving endpoint, and requests that wait for messages."""

    def __init__(self) -> None:
        self._messages: dict[str, deque[bytes]] = {}
        self._queued: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._waiting: dict[str, Reply] = {}
        self._changed = threading.Condition()

    def put(self, receiver: str, message: bytes, *, limit: QueueLimit = OPEN.limit) -> bool:
        """Add a message; if a request waits for it, reply immediately.

        Args:
            receiver: The receiving endpoint.
            message: The message.
            limit: How many bytes may wait for the endpoint.

        Returns:
            Whether it was added; False if it would exceed the limit.
        """
        with self._changed:
            queued = self._queued.get(receiver, 0)
            if queued > limit.size and not limit.admits(len(message), queued=queued):
                return False
            reply = self._waiting.pop(receiver, None)
            if reply is None:
                self._messages.setdefault(receiver, deque()).append(message)
                self._queued[receiver] = queued + len(message)
        if reply is not None:
            reply([message])
        return True

    def wait_for_room(self, receiver: str, size: int, *, limit: QueueLimit, timeout: float) -> bool:
        """Wait until a message of some size can be added; return whether it can."""
        with self._changed:
            return self._changed.wait_for(
                lambda: limit.admits(size, queued=self._queued.get(receiver, 0)), timeout=timeout
            )

    def taken(self, receiver: str) -> int:
        """Return how many bytes an endpoint has fetched from its queue so far."""
        return self._taken.get(receiver, 0)

    def handle(
        self,
        request: bytes,
        reply: Reply,
        check: Callable[[str], None] = lambda _receiver: None,
    ) -> str:
        """Answer a request for a message, now or when there is one.

        Args:
            request: The request.
            reply: Takes the answer.
            check: Called with the receiving endpoint; raises to refuse the request.

        Returns:
            The receiving endpoint for which a message was requested.

        Raises:
            RemoteProtocolError: If it is not a valid request.
        """
        receiver = mpp.decode_request(request)
        check(receiver)
        with self._changed:
            messages = self._messages.get(receiver)
            if not messages:
                self._waiting[receiver] = reply
                return receiver
            message = messages.popleft()
            self._queued[receiver] -= len(message)
            self._taken[receiver] = self._taken.get(receiver, 0) + len(message)
            self._changed.notify_all()
        reply([message])
        return receiver

    def waiting(self) -> list[str]:
        """Return the receiving endpoints with messages that have not been fetched."""
        with self._changed:
            return [name for name, messages in self._messages.items() if messages]

    def drop(self, receiver: str) -> None:
        """Drop the messages for an endpoint that will not fetch them."""
        with self._changed:
            self._messages.pop(receiver, None)
            self._queued.pop(receiver, None)
            self._changed.notify_all()

    def wait_until_empty(self, *, timeout: float | None) -> bool:
        """Wait until all messages have been fetched; return whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: not any(self._messages.values()), timeout=timeout)


@final
class OutboxOutlet(Outlet):
    """Stores messages until an endpoint of a MUSCLE3 instance fetches them.

    Args:
        outboxes: Where they are stored.
        sender: The sending endpoint.
        receiver: The receiving endpoint.
        gate: Limits what is stored.
    """

    def __init__(
        self, outboxes: Outboxes, *, sender: str, receiver: str, gate: QueueGate = OPEN
    ) -> None:
        self._outboxes = outboxes
        self._sender = sender
        self._receiver = receiver
        self._gate = gate

    def send(self, message: PeerMessage) -> int:
        encoded = mpp.encode_message(self._sender, self._receiver, message)
        size = len(encoded)
        limit = self._gate.limit
        while not self._outboxes.put(self._receiver, encoded, limit=limit):
            self._gate.wait(
                lambda timeout: self._outboxes.wait_for_room(
                    self._receiver, size, limit=limit, timeout=timeout
                ),
                lambda: self._outboxes.taken(self._receiver),
            )
        return size
