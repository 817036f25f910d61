"""Transports of messages between instances."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from domain.coupling.messages import PeerMessage
from domain.coupling.peers import Endpoint


class Room(NamedTuple):
    """A full queue of messages for a receiver.

    Attributes:
        wait: Waits until the next message can be queued, for so many seconds or, with None, without
            limit; returns whether it can. It also can if the receiver has left.
        taken: Returns how many bytes the receiver has taken so far.
    """

    wait: Callable[[float | None], bool]
    taken: Callable[[], int]


WaitForRoom: TypeAlias = Callable[[Endpoint, Endpoint, Room], None]
"""Waits until a message from a sending endpoint to a receiving one can be queued."""


class Outlet(Protocol):
    """Sends the messages for one receiving endpoint."""

    @abstractmethod
    def send(self, message: PeerMessage) -> int:
        """Send a message. Waits for the receiver no longer than copying the message would take.

        If a limit for queues is set and the queue is full, this waits for room first. The caller
        may change the data when this returns.

        Returns:
            The size of the encoded message in bytes.

        Raises:
            UnsendableData: If some part of the data cannot be sent to this receiver.
            PeerLost: If the receiver is known to be gone.
        """


class Inlet(Protocol):
    """Receives the messages for one of our endpoints."""

    @abstractmethod
    def receive(self, *, timeout: float | None) -> PeerMessage | None:
        """Return the next message, waiting for it if necessary.

        Args:
            timeout: How many seconds to wait for a message to begin to arrive; None to wait
                indefinitely.

        Returns:
            The message; None after the timeout.

        Raises:
            PeerLost: If the connection is lost for good.
            RemoteProtocolError: If the peer sends invalid data.
            PortError: If only one of the two connected ports has slots, and this can be detected.
        """

    @property
    @abstractmethod
    def marks(self) -> tuple[int, int, int]:
        """When the last message began to arrive, was complete, and was decoded (ns, Unix epoch)."""


class PeerTransport(Protocol):
    """Connects this instance to the peers that it reaches.

    Each transport has its own scheme, with which all its locations begin, such as `tcp` in
    `tcp:10.0.0.3:9000`. An instance has one or more transports; see
    `application.instance.peer_transports`.
    """

    @abstractmethod
    def locations(self) -> Sequence[str]:
        """Return the locations, each `scheme:rest`, of this instance for this transport."""

    @abstractmethod
    def reaches(self, peer_locations: Sequence[str]) -> bool:
        """Return whether this transport can exchange messages with a peer.

        This is decided by the locations alone, without connecting. The peer decides in the same
        way whether it reaches this instance, and must get the same answer.

        Args:
            peer_locations: All locations of the peer, for all its transports. Locations with an
                unknown scheme are ignored.
        """

    @abstractmethod
    def outlet(
        self, *, sender: Endpoint, receiver: Endpoint, peer_locations: Sequence[str]
    ) -> Outlet:
        """Return the outlet for a stream of messages from one of our endpoints.

        Args:
            sender: Our endpoint.
            receiver: The peer's endpoint.
            peer_locations: All locations of the peer, which this transport reaches.

        Raises:
            PeerUnreachable: If several transports are combined, and none reaches the peer.
        """

    @abstractmethod
    def inlet(
        self, *, sender: Endpoint, receiver: Endpoint, peer_locations: Sequence[str]
    ) -> Inlet:
        """Return the inlet for a stream of messages to one of our endpoints.

        Args:
            sender: The peer's endpoint.
            receiver: Our endpoint.
            peer_locations: All locations of the peer, which this transport reaches.

        Raises:
            PeerUnreachable: If several transports are combined, and none reaches the peer.
            TransportError: If the peer cannot be reached at any of its locations.
            PortError: If only one of the two connected ports has slots, and this can be detected.
        """

    @abstractmethod
    def must_drain(self, peer_locations: Sequence[str]) -> bool:
        """Return whether a sending peer waits until we have fetched all that it has sent.

        If so, an instance that fails must receive and drop all messages until each port is closed.
        If not, it need only call `finish_receiving`.
        """

    @abstractmethod
    def has_messages_in_transit(self) -> bool:
        """Return whether a message has left this instance, and not reached its receiver's machine.

        That is so for a moment after sending, and as long as the network is cut. A message counts
        as arrived when the receiver can receive it without waiting, whether it does or not. If the
        transport cannot find out, the answer is False. Thread-safe.
        """

    @abstractmethod
    def limit_queues(self, size: int | None, *, wait: WaitForRoom) -> None:
        """Set how many bytes may wait for one receiver. Two messages of any size always may.

        Args:
            size: The limit in bytes; None for no limit.
            wait: Called by `Outlet.send`, on its thread, before it exceeds the limit. It waits
                until there is room, or raises.
        """

    @abstractmethod
    def limit_retries(self, seconds: float) -> None:
        """From now on, give up on an unreachable sender after this number of seconds."""

    @abstractmethod
    def finish_receiving(self) -> None:
        """Close the connections on which we receive: no more messages are expected."""

    @abstractmethod
    def wait_until_sent(self, *, timeout: float | None) -> bool:
        """Wait until each receiver has received all its messages, or has left.

        Args:
            timeout: How many seconds to wait; None to wait indefinitely.

        Returns:
            Whether all messages were received or dropped; False after the timeout.
        """

    @abstractmethod
    def close(self) -> None:
        """Close all connections and stop all threads. Idempotent."""
