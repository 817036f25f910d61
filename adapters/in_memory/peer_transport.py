"""Passes messages between instances in one process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, final

from adapters.wire import stream
from adapters.wire.locations import has_scheme
from application.interfaces.peer_transport import Inlet, Outlet, PeerTransport, Room, WaitForRoom
from domain.coupling.messages import PeerMessage
from domain.coupling.peers import Endpoint
from domain.errors import PeerLost

SCHEME: Final = "memory"


@final
class InMemoryNetwork:
    """The state that the instances of one run share.

    Messages are encoded as between our own instances, so they arrive as they would over a network.

    Args:
        must_drain: Whether a sender waits until all its messages are received, even if the
            receiver has left, as MUSCLE3's instances do.
    """

    def __init__(self, *, must_drain: bool = False) -> None:
        self.must_drain: Final = must_drain
        self._changed = threading.Condition()
        self._messages: dict[str, deque[bytes]] = {}
        self._taken: dict[str, int] = {}
        self._reachable: set[str] = set()
        self._finished: set[str] = set()

    def join(self, instance: str) -> None:
        """Make an instance reachable."""
        with self._changed:
            self._reachable.add(instance)

    def leave(self, instance: str) -> None:
        """Make an instance unreachable; messages that it has sent can still be fetched."""
        with self._changed:
            self._reachable.discard(instance)
            self._changed.notify_all()

    def finish_receiving(self, instance: str) -> None:
        """Record that an instance receives no further messages."""
        with self._changed:
            self._finished.add(instance)
            self._changed.notify_all()

    def put(self, receiver: str, frame: bytes) -> None:
        """Add a message for an endpoint."""
        with self._changed:
            self._messages.setdefault(receiver, deque()).append(frame)
            self._changed.notify_all()

    def has_room(self, receiver: str, instance: str, size: int, limit: int | None) -> bool:
        """Return whether an endpoint may get another message of some size, or needs none."""
        with self._changed:
            queued = sum(map(len, self._messages.get(receiver, ())))
            fits = limit is None or queued <= max(limit, size)
            return fits or not self._is_awaited(instance)

    def wait_for_room(
        self, receiver: str, instance: str, size: int, limit: int | None, *, timeout: float | None
    ) -> bool:
        """Wait until an endpoint may get another message; return whether it may."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.has_room(receiver, instance, size, limit), timeout
            )

    def taken(self, receiver: str) -> int:
        """Return how many bytes an endpoint has taken."""
        with self._changed:
            return self._taken.get(receiver, 0)

    def take(self, receiver: str, *, sender: str, timeout: float | None) -> bytes | None:
        """Return the next message for an endpoint; None on timeout.

        Raises:
            PeerLost: If the sending instance has left, and no message from it remains.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._messages.get(receiver) or sender not in self._reachable, timeout
            )
            messages = self._messages.get(receiver)
            if messages:
                self._changed.notify_all()
                frame = messages.popleft()
                self._taken[receiver] = self._taken.get(receiver, 0) + len(frame)
                return frame
            if sender in self._reachable:
                return None
        raise PeerLost(
            f"Error while receiving a message: connection with peer '{sender}' was lost."
            " Did the peer crash?"
        )

    def wait_until_taken(self, receivers: dict[str, str], *, timeout: float | None) -> bool:
        """Wait until endpoints have taken their messages, or their instances have left.

        Args:
            receivers: The instances of the endpoints, by endpoint.
            timeout: Seconds to wait; None for no limit.
        """
        with self._changed:
            return self._changed.wait_for(
                lambda: (
                    not any(
                        self._messages.get(endpoint) and self._is_awaited(instance)
                        for endpoint, instance in receivers.items()
                    )
                ),
                timeout,
            )

    def _is_awaited(self, receiver: str) -> bool:
        return self.must_drain or receiver in self._reachable - self._finished


@final
class InMemoryPeerTransport(PeerTransport):
    """Connects one instance to the others in this process.

    Args:
        instance: Name of the instance.
        network: The state that it shares with its peers.

    Attributes:
        queue_size: How many bytes may wait for one endpoint; None for no limit.
        wait_for_room: Waits until a message can be queued.
    """

    def __init__(self, instance: str, network: InMemoryNetwork) -> None:
        self._instance = instance
        self._network = network
        self._receivers: dict[str, str] = {}
        self.queue_size: int | None = None
        self.wait_for_room: WaitForRoom = lambda _sender, _receiver, room: None  # noqa: ARG005
        network.join(instance)

    def locations(self) -> Sequence[str]:
        return [f"{SCHEME}:{self._instance}"]

    def reaches(self, peer_locations: Sequence[str]) -> bool:
        return has_scheme(peer_locations, SCHEME)

    def outlet(
        self,
        *,
        sender: Endpoint,
        receiver: Endpoint,
        peer_locations: Sequence[str],  # noqa: ARG002 - there is one network only
    ) -> Outlet:
        self._receivers[str(receiver)] = str(receiver.instance)
        return InMemoryOutlet(self._network, self, sender=sender, receiver=receiver)

    def inlet(
        self,
        *,
        sender: Endpoint,
        receiver: Endpoint,
        peer_locations: Sequence[str],  # noqa: ARG002 - there is one network only
    ) -> Inlet:
        return InMemoryInlet(self._network, sender=str(sender.instance), receiver=str(receiver))

    def must_drain(
        self,
        peer_locations: Sequence[str],  # noqa: ARG002 - there is one network only
    ) -> bool:
        return self._network.must_drain

    def has_messages_in_transit(self) -> bool:
        return False

    def limit_queues(self, size: int | None, *, wait: WaitForRoom) -> None:
        self.queue_size = size
        self.wait_for_room = wait

    def limit_retries(self, seconds: float) -> None:
        """Do nothing: in-memory connections cannot be lost."""

    def finish_receiving(self) -> None:
        self._network.finish_receiving(self._instance)

    def wait_until_sent(self, *, timeout: float | None) -> bool:
        return self._network.wait_until_taken(self._receivers, timeout=timeout)

    def close(self) -> None:
        self._network.leave(self._instance)


@final
class InMemoryOutlet(Outlet):
    """Sends messages to one endpoint."""

    def __init__(
        self,
        network: InMemoryNetwork,
        transport: InMemoryPeerTransport,
        *,
        sender: Endpoint,
        receiver: Endpoint,
    ) -> None:
        self._network = network
        self._transport = transport
        self._sender = sender
        self._receiver = receiver

    def send(self, message: PeerMessage) -> int:
        frame = b"".join(map(bytes, stream.encode_message(0, message)))
        receiver, instance = str(self._receiver), str(self._receiver.instance)
        limit = self._transport.queue_size
        if not self._network.has_room(receiver, instance, len(frame), limit):
            room = Room(
                lambda timeout: self._network.wait_for_room(
                    receiver, instance, len(frame), limit, timeout=timeout
                ),
                lambda: self._network.taken(receiver),
            )
            self._transport.wait_for_room(self._sender, self._receiver, room)
        self._network.put(receiver, frame)
        return len(frame)


@final
class InMemoryInlet(Inlet):
    """Receives messages for one endpoint."""

    def __init__(self, network: InMemoryNetwork, *, sender: str, receiver: str) -> None:
        self._network = network
        self._sender = sender
        self._receiver = receiver
        self._marks = (0, 0, 0)

    @property
    def marks(self) -> tuple[int, int, int]:
        return self._marks

    def receive(self, *, timeout: float | None) -> PeerMessage | None:
        frame = self._network.take(self._receiver, sender=self._sender, timeout=timeout)
        if frame is None:
            return None
        arrived = time.time_ns()
        message = _decode(memoryview(frame))
        self._marks = (arrived, arrived, time.time_ns())
        return message


def _decode(frame: memoryview) -> PeerMessage:
    fixed = stream.decode_fixed(frame[: stream.FIXED.size])
    rest = frame[stream.FIXED.size :]
    lengths = stream.decode_buffer_lengths(fixed, rest[: fixed.index_length])
    start = fixed.index_length + fixed.head_length
    head = rest[fixed.index_length : start]
    buffers: list[memoryview] = []
    for length in lengths:
        buffers.append(rest[start : start + length])
        start += length
    message = stream.decode_message(head, buffers)
    message.size = len(frame)
    return message
