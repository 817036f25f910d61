"""How messages travel between instances."""

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
    """Where messages for one receiving endpoint go."""

    @abstractmethod
    def send(self, message: PeerMessage) -> int:
        """Send a message, without waiting for the receiver for longer than copying it would take.

        If a limit for queues is set, and too much waits for the receiver, it waits for room first.

        The data may be changed when this returns.

        Returns:
            The size of the encoded message in bytes.

        Raises:
            UnsendableData: If some part of the data cannot be sent to this receiver.
            PeerLost: If the receiver is known to be gone.
        """


class Inlet(Protocol):
    """Where messages for one of our endpoints come from."""

    @abstractmethod
    def receive(self, *, timeout: float | None) -> PeerMessage | None:
        """Return the next message; wait for it if need be.

        Args:
            timeout: How many seconds to wait for a message to begin to arrive; None for ever.

        Returns:
            The message, or None when the time is over.

        Raises:
            PeerLost: If the connection is lost for good.
            RemoteProtocolError: If what comes makes no sense.
            PortError: If it can be seen that only one of the two joined ports has slots.
        """

    @property
    @abstractmethod
    def marks(self) -> tuple[int, int, int]:
        """When the last message began to arrive, was there, and was decoded (ns, Unix epoch)."""


class PeerTransport(Protocol):
    """Connects this instance to the peers that it reaches.

    A transport has a scheme of its own, with which all its locations begin, such as `tcp` in
    `tcp:10.0.0.3:9000`. An instance has one or more transports; see
    `application.instance.peer_transports`.
    """

    @abstractmethod
    def locations(self) -> Sequence[str]:
        """Return where peers can reach this instance by this transport: `scheme:rest` each."""

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
            sender: The endpoint of ours.
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
            receiver: The endpoint of ours.
            peer_locations: All locations of the peer, which this transport reaches.

        Raises:
            PeerUnreachable: If several transports are combined, and none reaches the peer.
            TransportError: If the peer cannot be reached at any of its locations.
            PortError: If it can be seen that only one of the two joined ports has slots.
        """

    @abstractmethod
    def must_drain(self, peer_locations: Sequence[str]) -> bool:
        """Return whether a sending peer waits until we have fetched all that it has sent.

        If so, an instance that fails has to receive, and drop, everything until each port is
        closed. If not, it is enough to end the connections by `finish_receiving`.
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
        """Give a sending peer that cannot be reached up after so many seconds, from now on."""

    @abstractmethod
    def finish_receiving(self) -> None:
        """End our connections to the peers that send to us: nothing more is expected of them."""

    @abstractmethod
    def wait_until_sent(self, *, timeout: float | None) -> bool:
        """Wait until every message has been taken by its receiver, or the receiver has left.

        Returns:
            Whether everything was taken; False if the time was over.
        """

    @abstractmethod
    def close(self) -> None:
        """Close all connections and stop all threads. May be called more than once."""
