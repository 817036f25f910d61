"""Receiving ahead: F_INIT messages, the milestones between them, and repeated messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from application.instance.communicator import Communicator
from application.instance.resume_duplicates import LastReceived
from domain.checkpointing.instance_snapshot import SavedMessage
from domain.coupling.filters import NO_SETTINGS, FilterChain, Repetition
from domain.coupling.messages import NOT_COUNTED, Iteration, Milestone, PeerMessage
from domain.coupling.ports import SETTINGS_IN, Operator, PortSlot, PortState, port_label
from domain.errors import PeerLost, PortError
from domain.wording import counted


class Unreceived(NamedTuple):
    """Messages that arrived, and that the model has not received.

    Attributes:
        port: Name of the receiving port.
        slot: Slot of it; None for a scalar port.
        sender: The sending instance and port.
        number: How many messages there are.
    """

    port: str
    slot: int | None
    sender: str
    number: int

    def __str__(self) -> str:
        where = port_label(self.port, self.slot)
        were = "was" if self.number == 1 else "were"
        what = f"{counted(self.number, 'message')} from '{self.sender}'"
        return f"{what} {were} not received on port '{where}'"


class Receiver:
    """Returns the messages for each pass, and applies the repeating filters of conduits.

    Args:
        communicator: Receives the messages.
        ports: All ports of the instance.
    """

    def __init__(self, *, communicator: Communicator, ports: Mapping[str, PortState]) -> None:
        self._communicator = communicator
        receiving = [
            port for port in ports.values() if port.is_connected and port.operator.allows_receiving
        ]
        self._receiving = sorted(receiving, key=lambda port: port.operator.value)
        self._initial = [port for port in receiving if port.operator is Operator.F_INIT]
        # instances that send settings expect these to be received last
        self._initial.sort(key=lambda port: port.name == SETTINGS_IN)
        filters = {port.name: communicator.filters_into(port) for port in receiving}
        self._repeaters: dict[str, FilterChain] = {
            name: chain for name, chain in filters.items() if chain.repeats
        }
        self._has_filters = {
            name: chain.repeats or chain.reduces for name, chain in filters.items()
        }
        self._plain = [port for port in self._initial if port.name not in self._repeaters]
        self._repeated = [port for port in self._initial if port.name in self._repeaters]
        self._repeated_updates = [
            port
            for port in receiving
            if port.operator is Operator.S and port.name in self._repeaters
        ]
        self._ahead: dict[PortSlot, PeerMessage] = {}
        self._repetitions: dict[PortSlot, Repetition] = {}
        self._used: set[PortSlot] = set()

    @property
    def has_initial_ports(self) -> bool:
        """Whether any F_INIT port is connected."""
        return bool(self._initial)

    def receive_ahead(self, pass_on: Callable[[Milestone], None]) -> Iteration | None:
        """Receive the messages that begin the next pass of the reuse loop.

        Args:
            pass_on: Forwards a milestone on our own sending ports.

        Returns:
            The iteration of the messages; None if there is no next pass.
        """
        self._ahead.clear()
        self._used.clear()
        while True:
            iteration = self._fill_cache()
            milestones = [
                message.data
                for message in self._ahead.values()
                if isinstance(message.data, Milestone)
            ]
            if not milestones:
                break
            deepest = max(milestones, key=lambda milestone: len(milestone.iteration))
            if deepest.closes_port:
                return None
            pass_on(deepest)
            self._ahead = {
                key: message for key, message in self._ahead.items() if message.data != deepest
            }
        self._receive_repeated_updates(iteration)
        return iteration

    def initial_messages(self) -> list[tuple[PortState, PeerMessage]]:
        """Return the F_INIT messages of this pass, in the order of the ports."""
        return [
            (port, self._ahead[port.name, slot])
            for port in self._initial
            for slot in port.slots()
            if (port.name, slot) in self._ahead
        ]

    def ports_not_taken(self) -> list[str]:
        """Return the F_INIT ports with a message of this pass that the model has not received."""
        return [
            port.name
            for port in self._initial
            if port.name != SETTINGS_IN
            and any(
                (port.name, slot) in self._ahead and (port.name, slot) not in self._used
                for slot in port.slots()
            )
        ]

    def calls(self) -> list[PeerMessage]:
        """Return the F_INIT messages that are for this pass alone, without the repeated ones."""
        return [
            message for port, message in self.initial_messages() if port.name not in self._repeaters
        ]

    def take_initial(self, port: PortState, slot: int | None) -> PeerMessage:
        """Return the message that was received ahead on an F_INIT port.

        Raises:
            PortError: If it has already been returned.
        """
        key = (port.name, slot)
        if key in self._used or key not in self._ahead:
            where = port_label(port.name, slot)
            msg = (
                f"Tried to receive twice on F_INIT port '{where}' in one pass of the reuse loop."
                " Each pass has one message on each F_INIT port: keep it in a variable, or declare"
                " the port as S if there are more."
            )
            raise PortError(msg)
        self._used.add(key)
        return self._ahead[key]

    def receive_update(
        self, port: PortState, slot: int | None, iteration: Iteration
    ) -> tuple[PeerMessage, bool]:
        """Return the message for an S port, and whether it is a new one.

        Args:
            port: The port.
            slot: Slot of the port; None for a scalar port.
            iteration: Iteration of the receiver, which a repeated message is for.
        """
        if port.name in self._repeaters:
            return self._receive_repeated(port, slot, iteration), False
        while True:
            message = self._communicator.receive(port, slot)
            if not isinstance(message.data, Milestone) or message.data.closes_port:
                return message, True

    def state(self) -> tuple[tuple[SavedMessage, ...], dict[PortSlot, tuple[Iteration, ...]]]:
        """Return what a snapshot must save.

        Messages that the model has taken are saved without their data: the data are not needed
        again, and the model may have changed them into an object that cannot be stored.

        Returns:
            The messages received ahead, and for those that a filter repeats, the state of the
            filter.
        """
        cached = [
            SavedMessage(
                port, slot, message.with_data(None) if (port, slot) in self._used else message
            )
            for (port, slot), message in self._ahead.items()
            if port not in self._repeaters and not isinstance(message.data, Milestone)
        ]
        cached += [
            SavedMessage(port, slot, repetition.message)
            for (port, slot), repetition in self._repetitions.items()
        ]
        served = {
            where: state
            for where, repetition in self._repetitions.items()
            if (state := repetition.state())
        }
        return tuple(cached), served

    def restore(
        self,
        cached: Iterable[SavedMessage],
        served: Mapping[PortSlot, tuple[Iteration, ...]],
        last_received: LastReceived,
    ) -> None:
        """Continue from a saved state.

        Args:
            cached: Messages received ahead.
            served: For messages that a filter repeats, the state of the filter.
            last_received: Returns the iteration of the last message on a port and slot.
        """
        ports = {port.name: port for port in self._receiving}
        for port, slot, message, *_ in cached:
            where = (port, slot)
            if port not in self._repeaters:
                self._ahead[where] = message
                self._used.add(where)
                continue
            repetition = self._repetitions[where] = self._repeaters[port].repetition(message)
            repetition.restore(served.get(where, ()))
            last = last_received(ports[port], slot)
            if where not in served and last is not None and min(last, default=0) >= 0:
                # MUSCLE3's snapshots lack the filter's state; the model has received this once
                repetition.note_given(last)

    def drain(self, note: Callable[[Unreceived], object]) -> None:
        """Receive on every port until it is closed, and drop the messages.

        Args:
            note: Called for each slot with messages that the model has not received. Those of a
                conduit with filters are not counted, because a filter may make them unnecessary.

        Raises:
            PeerLost: If a sender was lost; the other ports have been drained nevertheless.
        """
        ahead = Counter(
            where
            for where, message in self._ahead.items()
            if where not in self._used and not isinstance(message.data, Milestone)
        )
        self._ahead.clear()
        losses: list[PeerLost] = []
        for port in self._receiving:
            dropped = Counter(
                {slot: count for (name, slot), count in ahead.items() if name == port.name}
            )
            try:
                self._drain_port(port, dropped)
            except PeerLost as error:
                losses.append(error)
            if not self._has_filters[port.name]:
                for slot, count in dropped.items():
                    sender = self._communicator.sender_to(port, slot)
                    note(Unreceived(port.name, slot, str(sender), count))
        if losses:
            raise losses[0]

    def _fill_cache(self) -> Iteration:
        """Receive on each F_INIT port and slot that has no message; return the iteration."""
        for port in self._plain:
            self._receive_on_slots(port, self._communicator.receive)
        iteration = self._iteration_of(self._plain)
        if iteration is None:
            return ()
        for port in self._repeated:
            self._receive_on_slots(
                port, lambda port, slot: self._receive_repeated(port, slot, iteration)
            )
        return iteration

    def _receive_on_slots(
        self, port: PortState, receive: Callable[[PortState, int | None], PeerMessage]
    ) -> None:
        # The message on the first slot of a resizable port sets its length, so it comes first.
        first = 0 if port.is_vector else None
        if (port.name, first) not in self._ahead:
            self._ahead[port.name, first] = receive(port, first)
        for slot in port.slots():
            if (port.name, slot) not in self._ahead:
                self._ahead[port.name, slot] = receive(port, slot)

    def _receive_repeated(
        self, port: PortState, slot: int | None, iteration: Iteration
    ) -> PeerMessage:
        """Return the repeated message for an iteration, or the milestone that closes the port."""
        repetition = self._find_repetition(port, slot, iteration)
        return _closing_message() if repetition is None else repetition.give(iteration)

    def _find_repetition(
        self, port: PortState, slot: int | None, iteration: Iteration
    ) -> Repetition | None:
        """Return the message to repeat for an iteration; None if the port is closed."""
        repetition = self._repetitions.get((port.name, slot))
        while repetition is None or not repetition.covers(iteration):
            if not port.is_open(slot):
                return None
            message = self._communicator.receive(port, slot)
            if not isinstance(message.data, Milestone):
                repetition = self._repeaters[port.name].repetition(message)
                self._repetitions[port.name, slot] = repetition
        return repetition

    def _iteration_of(self, ports: list[PortState]) -> Iteration | None:
        """Return the iteration of the messages received ahead; None if one is a milestone."""
        messages = [
            self._ahead[port.name, slot]
            for port in ports
            for slot in (port.slots() or [0])
            if (port.name, slot) in self._ahead
        ]
        if any(isinstance(message.data, Milestone) for message in messages):
            return None
        return messages[0].iteration if messages else ()

    def _receive_repeated_updates(self, iteration: Iteration) -> None:
        for port in self._repeated_updates:
            self._find_repetition(port, 0 if port.is_vector else None, iteration)
            for slot in port.slots():
                self._find_repetition(port, slot, iteration)

    def _drain_port(self, port: PortState, dropped: Counter[int | None]) -> None:
        # Each message may shrink the port, and no messages arrive on a slot that it has lost.
        while slots := port.open_slots():
            for slot in slots:
                if slot in (None, 0) or slot < (port.length or 0):
                    message = self._communicator.receive(port, slot)
                    if not isinstance(message.data, Milestone):
                        dropped[slot] += 1


def _closing_message() -> PeerMessage:
    return PeerMessage(float("-inf"), None, Milestone(()), NO_SETTINGS, None, NOT_COUNTED, ())
