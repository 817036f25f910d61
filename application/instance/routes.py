"""The routes of messages between the ports of an instance and those of its peers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from application.instance.single_message_inlet import SingleMessageInlet
from application.interfaces.peer_transport import Inlet, Outlet, PeerTransport
from domain.checkpointing.instance_snapshot import SavedMessage, filled_port, reduced_port
from domain.coupling.conduits import Conduit
from domain.coupling.filters import FilterChain, Reduction, filters_of
from domain.coupling.messages import Milestone, MilestoneRow, PeerMessage
from domain.coupling.peers import Endpoint, PeerInfo
from domain.coupling.ports import Operator, PortSlot, PortState
from domain.errors import PeerLost, PeerUnreachable, TransportError, UnsendableData

CountKey = tuple[str, int]
"""Name and slot under which snapshots count what passes reducing filters."""


@dataclass(slots=True)
class Route:
    """The route from one slot of a sending port to one receiver.

    Attributes:
        outlet: Sends the messages.
        port: Name of the sending port.
        peer: The receiving endpoint.
        reduction: The reducing filters on the route; None if there are none.
        count_key: Where to count what passes these filters; see `reduced_port`.
        milestones: The milestones sent since the last message. A resumed instance sends them again:
            milestones are not counted, so the snapshot of the receiver may be older than they are.
    """

    outlet: Outlet
    port: str
    peer: str
    reduction: Reduction | None = None
    count_key: CountKey | None = None
    milestones: list[MilestoneRow] = field(default_factory=list)

    def send_message(self, message: PeerMessage) -> int:
        """Send a message; return its size in bytes.

        Raises:
            UnsendableData: If some part of it cannot be sent.
        """
        self.milestones.clear()
        try:
            return self.outlet.send(message)
        except UnsendableData as error:
            raise self._unsendable(error) from error

    def hold_back(self, message: PeerMessage) -> None:
        """Have the reducing filters take a message.

        Raises:
            UnsendableData: If its data cannot be copied.
        """
        assert self.reduction is not None
        try:
            self.reduction.take(message)
        except UnsendableData as error:
            raise self._unsendable(error) from error

    def send_milestone(self, message: PeerMessage) -> None:
        """Send a milestone."""
        if not (self.milestones and self.milestones[-1].take(message)):
            self.milestones.append(MilestoneRow(message))
        self.outlet.send(message)

    def state(self, slot: int | None, *, is_open: bool) -> Iterator[SavedMessage]:
        """Yield what a snapshot must save.

        Args:
            slot: Slot of the port.
            is_open: Whether the port still has the slot: no receiver expects milestones on others.
        """
        if is_open:
            for row in self.milestones:
                yield SavedMessage(self.port, slot, row.first, self.peer, row.count)
        if self.reduction is not None:
            for message in self.reduction.state():
                yield SavedMessage(self.port, slot, message, self.peer)

    def restore(self, saved: SavedMessage) -> None:
        """Send saved milestones again, or hold a saved message back again."""
        if isinstance(saved.message.data, Milestone):
            for message in MilestoneRow(saved.message, saved.in_a_row).messages():
                self.send_milestone(message)
        elif self.reduction is not None:
            self.reduction.restore(saved.message)

    def _unsendable(self, error: UnsendableData) -> UnsendableData:
        return UnsendableData(error.path, error.reason, purpose=f"sent on port '{self.port}'")


@dataclass(frozen=True, slots=True)
class Source:
    """The sender of the messages for one slot of a receiving port.

    Attributes:
        inlet: Receives the messages.
        sender: The sending endpoint.
        count_key: Where to count what passed reducing filters; see `filled_port`. None if there are
            no such filters on the conduit, so that messages are numbered.
    """

    inlet: Inlet
    sender: Endpoint
    count_key: CountKey | None = None

    @property
    def peer(self) -> str:
        """Name of the sending instance."""
        return str(self.sender.instance)


class Routes:
    """All routes of an instance. Those of slots that a port gains later are added when needed.

    Args:
        transport: Connects to the peers.
        peers: The peers and the conduits to them.
        ports: All ports.
        depth: How many counters iterations have on O_I and S ports.
    """

    def __init__(
        self,
        *,
        transport: PeerTransport,
        peers: PeerInfo,
        ports: Mapping[str, PortState],
        depth: int,
    ) -> None:
        self._transport = transport
        self._peers = peers
        self._ports = ports
        self._depth = depth
        self._routes: dict[PortSlot, list[Route]] = {}
        self._sources: dict[PortSlot, Source] = {}

    def connect(self) -> None:
        """Make the routes for all slots that the ports have now.

        Raises:
            PeerLost: If a peer cannot be reached any more.
            PeerUnreachable: If no transport reaches a peer.
        """
        for port in self._ports.values():
            if port.is_connected:
                for slot in port.slots():
                    if port.operator.allows_sending:
                        self.from_port(port, slot)
                    else:
                        self.into_port(port, slot)

    def from_port(self, port: PortState, slot: int | None) -> list[Route]:
        """Return the routes from a slot of a connected sending port.

        Raises:
            PeerUnreachable: If no transport reaches a peer.
        """
        routes = self._routes.get((port.name, slot))
        if routes is None:
            routes = [
                self._make_route(port, slot, conduit)
                for conduit in self._peers.conduits_at(port.name)
            ]
            self._routes[port.name, slot] = routes
        return routes

    def into_port(self, port: PortState, slot: int | None) -> Source:
        """Return the source of messages for a slot of a connected receiving port.

        Raises:
            PeerLost: If the peer cannot be reached any more.
            PeerUnreachable: If no transport reaches the peer.
        """
        source = self._sources.get((port.name, slot))
        if source is None:
            source = self._sources[port.name, slot] = self._make_source(port, slot)
        return source

    def filters_into(self, port: PortState) -> FilterChain:
        """Return the filters on the conduit to a connected receiving port."""
        (conduit,) = self._peers.conduits_at(port.name)
        return filters_of(conduit)

    def must_drain(self, port: PortState, slot: int | None) -> bool:
        """Return whether the sender to a connected port waits until all messages are fetched."""
        (conduit,) = self._peers.conduits_at(port.name)
        sender = self._peers.peer_endpoint(conduit, slot)
        return self._transport.must_drain(self._peers.locations[sender.instance])

    def state(self) -> tuple[SavedMessage, ...]:
        """Return what a snapshot must save: messages held back, and milestones to send again."""
        return tuple(
            saved
            for (port, slot), routes in self._routes.items()
            for route in routes
            for saved in route.state(slot, is_open=slot in self._ports[port].slots())
        )

    def restore(self, saved: SavedMessage) -> None:
        """Restore one item of a saved state."""
        for route in self.from_port(self._ports[saved.port], saved.slot):
            if route.peer == saved.peer:
                route.restore(saved)

    def _make_route(self, port: PortState, slot: int | None, conduit: Conduit) -> Route:
        receiver = self._peers.peer_endpoint(conduit, slot)
        outlet = self._transport.outlet(
            sender=Endpoint(self._peers.instance, port.name, slot),
            receiver=receiver,
            peer_locations=self._peers.locations[receiver.instance],
        )
        is_inner = port.operator is Operator.O_I
        reduction = filters_of(conduit).reduction(self._depth if is_inner else self._depth - 1)
        key = None if reduction is None else (reduced_port(conduit), slot or 0)
        return Route(outlet, port.name, str(receiver), reduction, key)

    def _make_source(self, port: PortState, slot: int | None) -> Source:
        (conduit,) = self._peers.conduits_at(port.name)
        sender = self._peers.peer_endpoint(conduit, slot)
        try:
            inlet = self._transport.inlet(
                sender=sender,
                receiver=Endpoint(self._peers.instance, port.name, slot),
                peer_locations=self._peers.locations[sender.instance],
            )
        except PeerUnreachable:
            raise
        except TransportError as error:
            # if the peer has failed, it is the cause, and this instance its victim
            msg = (
                f"Could not connect to peer '{sender.instance}', which has registered. Did the peer"
                f" crash? ({error})"
            )
            raise PeerLost(msg) from error
        key = (filled_port(conduit), slot or 0) if filters_of(conduit).reduces else None
        if self._is_never_closed(port, slot, filters_of(conduit)):
            inlet = SingleMessageInlet(inlet)
        return Source(inlet, sender, key)

    def _is_never_closed(self, port: PortState, slot: int | None, filters: FilterChain) -> bool:
        """Whether a sender of MUSCLE3 0.11 sends a single message, and never closes the port."""
        depth = self._depth if port.operator is Operator.S else self._depth - 1
        is_from_root = filters.reduces and depth == filters.levels_added
        return is_from_root and self.must_drain(port, slot)
