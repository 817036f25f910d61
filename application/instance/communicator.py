"""Sending and receiving messages on the ports of one instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from application.instance.filter_counts import FilterCounts
from application.instance.patient_receiver import PatientReceiver
from application.instance.profiler import Profiler
from application.instance.resume_duplicates import LastReceived, ResumeDuplicates
from application.instance.routes import Route, Routes, Source
from domain.checkpointing.instance_snapshot import CommunicatorState
from domain.coupling.filters import NO_SETTINGS, FilterChain
from domain.coupling.messages import NOT_COUNTED, Iteration, Message, Milestone, PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.ports import PortState, port_label
from domain.coupling.settings import Settings
from domain.errors import RemoteProtocolError


class Communicator:
    """Sends, receives and counts messages.

    It numbers and checks messages, and applies the filters of the sender. `Lifecycle` checks
    whether a message may be sent or received now, and `Receiver` applies the filters of the
    receiver.

    Args:
        routes: The routes to and from the peers.
        counts: Counts what passes reducing filters.
        ports: All ports.
        waiting: Waits for messages.
        profiler: Records each message.

    Attributes:
        saved_until: Second of the run up to which our snapshots cover the wall-clock rules; sent
            with each message. None if it is unknown.
    """

    def __init__(
        self,
        *,
        routes: Routes,
        counts: FilterCounts,
        ports: Mapping[str, PortState],
        waiting: PatientReceiver,
        profiler: Profiler,
    ) -> None:
        self._routes = routes
        self._filter_counts = counts
        self._ports = ports
        self._waiting = waiting
        self._profiler = profiler
        self._duplicates = ResumeDuplicates()
        self.saved_until: float | None = None

    def filters_into(self, port: PortState) -> FilterChain:
        """Return the filters on the conduit to a connected receiving port."""
        return self._routes.filters_into(port)

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
            slot: Slot of the port; None for a scalar port.
            message: The message.
            overlay: Settings overlay to send with it.
            iteration: Iteration to which the message belongs.

        Raises:
            UnsendableData: If some part of the data cannot be sent.
        """
        start = self._profiler.now()
        size = 0
        number = port.message_counts[slot or 0]
        length = port.length if port.is_resizable else None
        for route in self._routes.from_port(port, slot):
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
            if route.reduction is None:
                size = route.send_message(parcel)
            else:
                route.hold_back(parcel)
        port.message_counts[slot or 0] = number + 1
        self._waiting.note_progress(message.timestamp)
        if self._profiler.is_on:
            marks = (start, self._profiler.now())
            self._profiler.record_message(marks, port, slot, number, size, message.timestamp)

    def send_milestone(
        self, port: PortState, milestone: Milestone, *, is_counted: bool = True
    ) -> None:
        """Send a milestone on all open slots of a connected port.

        A milestone that closes the port also closes the slots, so it is sent only once.

        Args:
            port: A sending port.
            milestone: The milestone.
            is_counted: Whether the receiver must check that it has all messages before this one.

        Raises:
            UnsendableData: If some part of a message that was held back cannot be sent.
        """
        for slot in port.open_slots():
            if milestone.closes_port:
                port.close(slot)
            number = port.message_counts[slot or 0] if is_counted else NOT_COUNTED
            for route in self._routes.from_port(port, slot):
                if route.reduction is None:
                    route.send_milestone(_milestone_message(port, milestone, number))
                else:
                    self._end_iteration(route, port, milestone)

    def state(self) -> CommunicatorState:
        """Return what a snapshot must save, except for the state of receiver and reuse loop."""
        ports = self._ports.values()
        return CommunicatorState(
            {port.name: tuple(port.message_counts) for port in ports},
            reduced_counts=self._filter_counts.state(),
            held_back=self._routes.state(),
            port_lengths={port.name: port.length or 0 for port in ports if port.is_resizable},
        )

    def restore(self, state: CommunicatorState, last_received: LastReceived) -> None:
        """Continue from a saved state.

        Args:
            state: The saved state.
            last_received: Returns the iteration of the last message on a receiving port and slot.
        """
        for name, counts in state.port_message_counts.items():
            if name in self._ports:
                self._restore_port(self._ports[name], counts, state, last_received)
        self._filter_counts.restore(state.reduced_counts)
        for saved in state.held_back:
            self._routes.restore(saved)

    def receive(self, port: PortState, slot: int | None) -> PeerMessage:
        """Return the next message, or milestone, for a connected port.

        Args:
            port: A receiving port.
            slot: Slot of the port; None for a scalar port.

        Raises:
            Deadlock: If the message can never arrive.
            PeerLost: If the connection to the peer is lost for good.
            RemoteProtocolError: If a message was lost, or an invalid one was received.
        """
        source = self._routes.into_port(port, slot)
        start = self._profiler.now()
        message = self._receive_new(source, port, slot)
        if port.is_resizable and message.port_length is not None:
            port.set_length(message.port_length)
        number = port.message_counts[slot or 0]
        if source.count_key is None and message.number not in (NOT_COUNTED, number):
            raise _wrong_number(port, slot, message, number)
        if isinstance(message.data, Milestone):
            if message.data.closes_port:
                port.close(slot)
                return message
        else:
            port.message_counts[slot or 0] = number + 1
            if source.count_key is not None and not message.is_empty:
                self._filter_counts.set_count(source.count_key, number + 1)
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

    def sender_to(self, port: PortState, slot: int | None) -> Endpoint:
        """Return the endpoint that sends to a slot of a connected receiving port."""
        return self._routes.into_port(port, slot).sender

    def must_drain(self, port: PortState, slot: int | None) -> bool:
        """Return whether the sender to a connected port waits until all messages are fetched."""
        return self._routes.must_drain(port, slot)

    def fetch(self, port: PortState, slot: int | None, *, timeout: float) -> PeerMessage | None:
        """Return the next message for a connected port without checking or counting it.

        Args:
            port: A receiving port.
            slot: Slot of it; None for a scalar port.
            timeout: Seconds to wait for the message.

        Returns:
            The message; None if none arrives in time.

        Raises:
            PeerLost: If the connection to the peer is lost for good.
            RemoteProtocolError: If the message is invalid.
        """
        return self._routes.into_port(port, slot).inlet.receive(timeout=timeout)

    def _end_iteration(self, route: Route, port: PortState, milestone: Milestone) -> None:
        """End an iteration on a route with reducing filters."""
        assert route.reduction is not None
        assert route.count_key is not None
        message = route.reduction.end_iteration(milestone)
        if message is not None:
            message.saved_until = self.saved_until
            route.send_message(message)
            self._filter_counts.increase(route.count_key)
        if route.reduction.passes(milestone):
            route.send_milestone(_milestone_message(port, milestone, NOT_COUNTED))

    def _restore_port(
        self,
        port: PortState,
        counts: Sequence[int],
        state: CommunicatorState,
        last_received: LastReceived,
    ) -> None:
        port.restore(counts, state.port_lengths.get(port.name, len(counts)))
        if port.is_connected and port.operator.allows_receiving:
            self._duplicates.expect(port, last_received)

    def _receive_new(self, source: Source, port: PortState, slot: int | None) -> PeerMessage:
        """Return the next message that is not a duplicate."""
        while True:
            message = self._waiting.receive(
                source.inlet, peer=source.peer, port=port.name, slot=slot
            )
            is_checked = self._duplicates.are_expected
            if not (is_checked and self._duplicates.is_duplicate(message, port, slot)):
                return message


def _milestone_message(port: PortState, milestone: Milestone, number: int) -> PeerMessage:
    length = port.length if port.is_resizable else None
    return PeerMessage(
        float("-inf"), None, milestone, NO_SETTINGS, length, number, milestone.iteration
    )


def _wrong_number(
    port: PortState, slot: int | None, message: PeerMessage, expected: int
) -> RemoteProtocolError:
    where = port_label(port.name, slot)
    return RemoteProtocolError(
        f"Message number {message.number} was received on port '{where}', where number {expected}"
        " was expected: a message was lost, or received twice. If this run was resumed, its"
        " snapshots do not belong together."
    )
