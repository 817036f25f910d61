"""Sends and receives messages on the ports of one instance."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from application.instance.profiler import Profiler
from application.instance.waiting import PatientReceiver
from application.interfaces.peer_transport import Inlet, Outlet, PeerTransport
from domain.conduits import Conduit
from domain.errors import RemoteProtocolError, UnsendableData
from domain.messages import (
    NOT_COUNTED,
    Iteration,
    Message,
    Milestone,
    MilestoneRow,
    PeerMessage,
)
from domain.peers import Endpoint, PeerInfo
from domain.ports import Operator, PortState
from domain.settings import Settings
from domain.snapshots import CachedMessage, CommunicatorState, filled_port, reduced_port

NO_SETTINGS = Settings()


@dataclass
class _Route:
    """The way from one slot of a sending port to one receiver.

    Attributes:
        outlet: Where the messages go.
        port: Name of the sending port.
        peer: The receiving endpoint.
        reducers: How many reducing filters there are on the way.
        held: The last message, while a reducing filter holds it back.
        reduced: Under which name and index it is counted what the filters let pass.
        milestones: What went this way since the last message. Milestones are not counted, so the
            snapshot of a receiver that fits ours may be older than they are: they are sent again.
    """

    outlet: Outlet
    port: str
    peer: str = ""
    reducers: int = 0
    held: PeerMessage | None = field(default=None)
    reduced: tuple[str, int] | None = None
    milestones: list[MilestoneRow] = field(default_factory=list)

    def send_message(self, message: PeerMessage) -> int:
        """Send a message; return its size.

        Raises:
            UnsendableData: If some part of it cannot be sent.
        """
        self.milestones.clear()
        try:
            return self.outlet.send(message)
        except UnsendableData as error:
            raise self._unsendable(error.path, error.reason) from error

    def hold_back(self, message: PeerMessage) -> None:
        """Keep a message as it is now, in place of the one before it.

        Raises:
            UnsendableData: If no copy can be made of its data, which the model may change later.
        """
        try:
            message.data = copy.deepcopy(message.data)
        except Exception as error:  # whatever the user's objects raise
            reason = f"a filter holds it back, and no copy can be made of it: {error}"
            raise self._unsendable("data", reason) from error
        message.number = NOT_COUNTED
        self.held = message

    def _unsendable(self, path: str, reason: str) -> UnsendableData:
        return UnsendableData(path, reason, purpose=f"sent on port '{self.port}'")

    def send_milestone(self, message: PeerMessage) -> None:
        """Send a milestone."""
        if not (self.milestones and self.milestones[-1].take(message)):
            self.milestones.append(MilestoneRow(message))
        self.outlet.send(message)


@dataclass
class _Source:
    """Where the messages for one slot of a receiving port come from.

    Attributes:
        inlet: Where they come in.
        peer: Who sends them.
        reduced: Under which name and index it is counted what reducing filters let pass; None if
            there are none on the way, and each message has its number.
    """

    inlet: Inlet
    peer: str
    reduced: tuple[str, int] | None = None


class Communicator:
    """Sends and receives messages, and counts them.

    It knows what is connected to what, numbers and checks messages, and applies the sender's
    filters. It does not know whose turn it is; see `Lifecycle` and `Receiver` for that.

    Args:
        transport: Carries messages.
        waiting: Waits for them.
        profiler: Is told of each.

    Attributes:
        saved_until: What to say in messages of how far our snapshots answer for the wall clock.
    """

    def __init__(
        self, *, transport: PeerTransport, waiting: PatientReceiver, profiler: Profiler
    ) -> None:
        self._transport = transport
        self._waiting = waiting
        self._profiler = profiler
        self._peers: PeerInfo | None = None
        self._ports: Mapping[str, PortState] = {}
        self._routes: dict[tuple[str, int | None], list[_Route]] = {}
        self._sources: dict[tuple[str, int | None], _Source] = {}
        self._depth_of_sends: dict[str, int] = {}
        self._reduced_counts: dict[tuple[str, int], int] = {}
        self.saved_until: float | None = None
        self._may_repeat: dict[tuple[str, int | None], Iteration | None] = {}

    def connect(self, peers: PeerInfo, ports: Mapping[str, PortState], *, depth: int) -> None:
        """Prepare for all messages to come.

        Args:
            peers: Who our peers are, and where.
            ports: All our ports.
            depth: How many counters an iteration has on O_I and S ports.

        Raises:
            TransportError: If a peer cannot be reached.
        """
        self._peers = peers
        # also what nothing has passed yet is counted: a snapshot without it would be of no use
        self._reduced_counts = {
            (name(conduit), 0): 0
            for conduit in peers.conduits
            for name, component in (
                (reduced_port, conduit.sending_component),
                (filled_port, conduit.receiving_component),
            )
            if conduit.reducers and component == peers.component
        }
        self._ports = ports
        for port in ports.values():
            is_inner = port.operator in (Operator.O_I, Operator.S)
            self._depth_of_sends[port.name] = depth if is_inner else depth - 1
            if port.is_connected:
                for slot in port.slots():
                    self._prepare(port, slot)

    def repeaters_of(self, port: PortState) -> Conduit | None:
        """Return the conduit to a receiving port, if there is a repeating filter on it."""
        assert self._peers is not None
        for conduit in self._peers.conduits_at(port.name):
            if conduit.repeaters:
                return conduit
        return None

    def send(
        self,
        port: PortState,
        slot: int | None,
        message: Message,
        overlay: Settings,
        iteration: Iteration,
    ) -> None:
        """Send a message on a connected port.

        Args:
            port: A sending port.
            slot: Slot of it; None for a scalar port.
            message: What to send.
            overlay: Settings overlay to send with it.
            iteration: Iteration for which it is.

        Raises:
            UnsendableData: If some part of the data cannot be sent.
        """
        start = self._profiler.now()
        size = 0
        number = port.message_counts[slot or 0]
        length = port.length if port.is_resizable else None
        for route in self._routes_of(port, slot):
            parcel = PeerMessage(
                message.timestamp,
                message.next_timestamp,
                message.data,
                overlay,
                length,
                number,
                iteration,
                self.saved_until,
            )
            if route.reducers:
                route.hold_back(parcel)
            else:
                size = route.send_message(parcel)
        port.message_counts[slot or 0] = number + 1
        self._waiting.note_progress(message.timestamp)
        if self._profiler.is_on:
            marks = (start, self._profiler.now())
            self._profiler.record_message(marks, port, slot, number, size, message.timestamp)

    def send_milestone(
        self, port: PortState, milestone: Milestone, *, is_counted: bool = True
    ) -> None:
        """Send a milestone on all slots of a connected port; the closing one only once.

        Args:
            port: A sending port.
            milestone: What to send.
            is_counted: Whether the receiver is to check that it has all messages before this.
        """
        for slot in port.open_slots():
            if milestone.closes_port:
                port.close(slot)
            number = port.message_counts[slot or 0] if is_counted else NOT_COUNTED
            for route in self._routes_of(port, slot):
                self._send_milestone_on(route, port, number, milestone)

    def state(self) -> CommunicatorState:
        """Return what a snapshot keeps: all but what the receiver and the reuse loop know."""
        reduced: dict[str, tuple[int, ...]] = {}
        for name, _ in self._reduced_counts:
            slots = max(slot for other, slot in self._reduced_counts if other == name) + 1
            reduced[name] = tuple(
                self._reduced_counts.get((name, slot), 0) for slot in range(slots)
            )
        held: list[CachedMessage] = []
        for (port, slot), routes in self._routes.items():
            for route in routes:
                held += [
                    CachedMessage(port, slot, row.first, route.peer, row.count)
                    for row in self._to_send_again(route, port, slot)
                ]
                if route.held is not None:
                    held.append(CachedMessage(port, slot, route.held, route.peer))
        return CommunicatorState(
            {port.name: tuple(port.message_counts) for port in self._ports.values()},
            reduced_counts=reduced,
            held_back=tuple(held),
            port_lengths={
                port.name: port.length or 0 for port in self._ports.values() if port.is_resizable
            },
        )

    def _to_send_again(self, route: _Route, port: str, slot: int | None) -> list[MilestoneRow]:
        # nobody would receive what is sent on a slot that a port has no more
        return route.milestones if slot in self._ports[port].slots() else []

    def restore(
        self,
        state: CommunicatorState,
        last_received: Callable[[PortState, int | None], Iteration | None],
    ) -> None:
        """Go on from what a snapshot kept.

        Args:
            state: What it kept.
            last_received: Returns the iteration of the last message on a receiving port and slot.
        """
        for name, counts in state.port_message_counts.items():
            if name in self._ports:
                self._restore_port(self._ports[name], counts, state, last_received)
        for name, counts in state.reduced_counts.items():
            self._reduced_counts.update({(name, slot): count for slot, count in enumerate(counts)})
        for item in state.held_back:
            for route in self._routes_of(self._ports[item.port], item.slot):
                if route.peer != item.peer:
                    continue
                if isinstance(item.message.data, Milestone):
                    for message in MilestoneRow(item.message, item.in_a_row).messages():
                        route.send_milestone(message)
                else:
                    route.held = item.message

    def _restore_port(
        self,
        port: PortState,
        counts: Sequence[int],
        state: CommunicatorState,
        last_received: Callable[[PortState, int | None], Iteration | None],
    ) -> None:
        port.restore(counts, state.port_lengths.get(port.name, len(counts)))
        if port.is_connected and port.operator.allows_receiving:
            # a port that was longer before may become so again, so those slots count too
            for index, number in enumerate(port.message_counts):
                if number:
                    slot = index if port.is_vector else None
                    self._may_repeat[port.name, slot] = last_received(port, slot)

    def receive(self, port: PortState, slot: int | None) -> PeerMessage:
        """Return the next message, or milestone, for a connected port.

        Raises:
            Deadlock: If it will never come.
            PeerLost: If the connection to the peer is lost for good.
            RemoteProtocolError: If what comes makes no sense.
        """
        source = self._source_of(port, slot)
        start = self._profiler.now()
        message = self._receive_new(source, port, slot)
        if port.is_resizable and message.port_length is not None:
            port.set_length(message.port_length)
        number = port.message_counts[slot or 0]
        if source.reduced is None and message.number not in (NOT_COUNTED, number):
            self._refuse_number(port, slot, message, number)
        if isinstance(message.data, Milestone):
            if message.data.closes_port:
                port.close(slot)
                return message
        else:
            port.message_counts[slot or 0] = number + 1
            if source.reduced is not None and not message.is_empty:
                self._reduced_counts[source.reduced] = number + 1
        if self._profiler.is_on:
            self._profiler.record_message(
                (start, *source.inlet.marks),
                port,
                slot,
                message.number,
                message.size,
                message.timestamp,
            )
        return message

    def must_drain(self, port: PortState, slot: int | None) -> bool:
        """Return whether the sender to a connected port waits until everything is fetched."""
        if self._peers is None:
            return False
        (conduit,) = self._peers.conduits_at(port.name)
        sender = self._peers.peer_endpoint(conduit, slot)
        return self._transport.must_drain(self._peers.locations[sender.instance])

    def fetch(self, port: PortState, slot: int | None, *, timeout: float) -> PeerMessage | None:
        """Return the next message for a connected port, which is neither checked nor counted.

        Args:
            port: A receiving port.
            slot: Slot of it; None for a scalar port.
            timeout: Seconds to wait for the message.

        Returns:
            The message; None if the time is over.

        Raises:
            PeerLost: If the connection to the peer is lost for good.
            RemoteProtocolError: If what comes makes no sense.
        """
        return self._source_of(port, slot).inlet.receive(timeout=timeout)

    def _receive_new(self, source: _Source, port: PortState, slot: int | None) -> PeerMessage:
        """Return the next message, but for one that a resumed sender sends once more."""
        where = (port.name, slot)
        while True:
            message = self._waiting.receive(
                source.inlet, peer=source.peer, port=port.name, slot=slot
            )
            if where not in self._may_repeat:
                return message
            if self._is_repeated(message, port, slot):
                continue
            if not isinstance(message.data, Milestone):
                del self._may_repeat[where]
            return message

    def _is_repeated(self, message: PeerMessage, port: PortState, slot: int | None) -> bool:
        last = self._may_repeat[port.name, slot]
        if isinstance(message.data, Milestone):
            if message.data.closes_port:
                return False
            # One that lies behind us was passed on before the snapshot was made. One for the
            # iteration that we are in ends it, and that is yet to come.
            if last is not None and message.iteration < last[: len(message.iteration)]:
                return True
        elif message.number == NOT_COUNTED:
            # What passes a reducing filter has no number, but there is one for each iteration.
            return last is not None and message.iteration <= last
        return message.number == port.message_counts[slot or 0] - 1

    def _prepare(self, port: PortState, slot: int | None) -> None:
        if port.operator.allows_sending:
            self._routes_of(port, slot)
        else:
            self._source_of(port, slot)

    def _routes_of(self, port: PortState, slot: int | None) -> list[_Route]:
        routes = self._routes.get((port.name, slot))
        if routes is None:
            assert self._peers is not None
            routes = [
                self._make_route(port, slot, conduit)
                for conduit in self._peers.conduits_at(port.name)
            ]
            self._routes[port.name, slot] = routes
        return routes

    def _make_route(self, port: PortState, slot: int | None, conduit: Conduit) -> _Route:
        assert self._peers is not None
        receiver = self._peers.peer_endpoint(conduit, slot)
        outlet = self._transport.outlet(
            sender=Endpoint(self._peers.instance, port.name, slot),
            receiver=receiver,
            peer_locations=self._peers.locations[receiver.instance],
        )
        reduced = (reduced_port(conduit), slot or 0) if conduit.reducers else None
        return _Route(outlet, port.name, str(receiver), len(conduit.reducers), reduced=reduced)

    def _source_of(self, port: PortState, slot: int | None) -> _Source:
        source = self._sources.get((port.name, slot))
        if source is None:
            assert self._peers is not None
            (conduit,) = self._peers.conduits_at(port.name)
            sender = self._peers.peer_endpoint(conduit, slot)
            inlet = self._transport.inlet(
                sender=sender,
                receiver=Endpoint(self._peers.instance, port.name, slot),
                peer_locations=self._peers.locations[sender.instance],
            )
            reduced = (filled_port(conduit), slot or 0) if conduit.reducers else None
            source = _Source(inlet, str(sender.instance), reduced)
            self._sources[port.name, slot] = source
        return source

    def _send_milestone_on(
        self, route: _Route, port: PortState, number: int, milestone: Milestone
    ) -> None:
        if not route.reducers:
            route.send_milestone(self._milestone_message(port, milestone, number))
            return
        target = self._depth_of_sends[port.name] - route.reducers
        reached = len(milestone.iteration)
        if reached == target:
            route.send_message(self._reduced_message(route, milestone.iteration))
            route.held = None
            assert route.reduced is not None
            self._reduced_counts[route.reduced] = self._reduced_counts.get(route.reduced, 0) + 1
        if reached < target or milestone.closes_port:
            # Where the target is the root timeline, its milestone closes the port as well.
            route.send_milestone(self._milestone_message(port, milestone, NOT_COUNTED))

    def _reduced_message(self, route: _Route, iteration: Iteration) -> PeerMessage:
        held = route.held
        if held is None:
            held = PeerMessage(float("-inf"), None, None, NO_SETTINGS, None, NOT_COUNTED, iteration)
        held.iteration = iteration
        held.saved_until = self.saved_until
        return held

    def _milestone_message(self, port: PortState, milestone: Milestone, number: int) -> PeerMessage:
        length = port.length if port.is_resizable else None
        return PeerMessage(
            float("-inf"), None, milestone, NO_SETTINGS, length, number, milestone.iteration
        )

    def _refuse_number(
        self, port: PortState, slot: int | None, message: PeerMessage, expected: int
    ) -> None:
        where = port.name if slot is None else f"{port.name}[{slot}]"
        msg = (
            f"Message number {message.number} was received on port '{where}' where number"
            f" {expected} was expected: a message was lost or came twice. If this run was resumed,"
            " its snapshots do not belong together."
        )
        raise RemoteProtocolError(msg)
