"""Receiving ahead: F_INIT messages, the milestones among them, and repeated messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from application.instance.communicator import Communicator
from domain.conduits import ConduitFilter
from domain.errors import PeerLost, PortError
from domain.messages import NOT_COUNTED, Iteration, Milestone, PeerMessage
from domain.ports import SETTINGS_IN, Operator, PortState
from domain.settings import Settings
from domain.snapshots import CachedMessage

PortSlot = tuple[str, "int | None"]


@dataclass
class _Repetition:
    """A message that came through repeating filters, and how it has been given out so far.

    Attributes:
        message: The message.
        pads: How many levels of iteration have only their first message, and empty ones after.
        served: Iterations for which the full message has been given, without the padded levels.
    """

    message: PeerMessage
    pads: int
    served: set[Iteration] = field(default_factory=set)

    def covers(self, iteration: Iteration) -> bool:
        """Whether the message is also that of an iteration of the receiver."""
        own = self.message.iteration
        return iteration[: len(own)] == own

    def give(self, iteration: Iteration) -> PeerMessage:
        """Return the message for an iteration of the receiver, or an empty one."""
        message = self.message
        data = message.data
        if self.pads:
            outer = iteration[: len(iteration) - self.pads]
            if outer in self.served:
                data = None
            self.served.add(outer)
        return PeerMessage(
            message.timestamp,
            message.next_timestamp,
            _copied(data),
            message.overlay,
            message.port_length,
            message.number,
            iteration,
        )


class Receiver:
    """Gives out messages, some of which it has received ahead.

    Args:
        communicator: Receives.
        ports: All ports of the instance.
    """

    def __init__(self, *, communicator: Communicator, ports: Mapping[str, PortState]) -> None:
        self._communicator = communicator
        receiving = [
            port for port in ports.values() if port.is_connected and port.operator.allows_receiving
        ]
        self._receiving = sorted(receiving, key=lambda port: port.operator.value)
        self._initial = [port for port in receiving if port.operator is Operator.F_INIT]
        # the settings come last, as the instances that send them expect
        self._initial.sort(key=lambda port: port.name == SETTINGS_IN)
        self._pads: dict[str, int] = {}
        for port in receiving:
            conduit = communicator.repeaters_of(port)
            if conduit is not None:
                self._pads[port.name] = conduit.repeaters.count(ConduitFilter.PAD)
        self._plain = [port for port in self._initial if port.name not in self._pads]
        self._repeated = [port for port in self._initial if port.name in self._pads]
        self._repeated_updates = [
            port for port in receiving if port.operator is Operator.S and port.name in self._pads
        ]
        self._ahead: dict[PortSlot, PeerMessage] = {}
        self._repetitions: dict[PortSlot, _Repetition] = {}
        self._used: set[PortSlot] = set()

    @property
    def has_initial_ports(self) -> bool:
        """Whether any F_INIT port is connected."""
        return bool(self._initial)

    def receive_ahead(self, pass_on: Callable[[Milestone], None]) -> Iteration | None:
        """Receive the messages that begin the next pass of the reuse loop.

        Args:
            pass_on: Sends a milestone on to those downstream.

        Returns:
            The iteration for which they are, or None if there will be no next pass.
        """
        self._drop_used()
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

    def calls(self) -> list[PeerMessage]:
        """Return the F_INIT messages of this pass that are for it alone: those are not repeated."""
        return [
            message
            for port, message in self.initial_messages()
            if self._communicator.repeaters_of(port) is None
        ]

    def take_initial(self, port: PortState, slot: int | None) -> PeerMessage:
        """Return the message that was received ahead on an F_INIT port, once.

        Raises:
            PortError: If it has been taken already.
        """
        key = (port.name, slot)
        if key in self._used or key not in self._ahead:
            where = port.name if slot is None else f"{port.name}[{slot}]"
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
        """Return the next message on an S port, and whether it came just now.

        Args:
            port: The port.
            slot: Its slot.
            iteration: Iteration of the receiver, for a repeated message.
        """
        if port.name in self._pads:
            return self._receive_repeated(port, slot, iteration), False
        while True:
            message = self._communicator.receive(port, slot)
            if not isinstance(message.data, Milestone) or message.data.closes_port:
                return message, True

    def state(self) -> tuple[tuple[CachedMessage, ...], dict[PortSlot, tuple[Iteration, ...]]]:
        """Return what a snapshot keeps: messages received ahead, and what was padded already.

        Of a message that the model has taken nobody needs the data again. They are the model's now,
        and it may have changed them into what cannot be stored.
        """
        cached = [
            CachedMessage(
                port, slot, message.with_data(None) if (port, slot) in self._used else message
            )
            for (port, slot), message in self._ahead.items()
            if port not in self._pads and not isinstance(message.data, Milestone)
        ]
        cached += [
            CachedMessage(port, slot, repetition.message)
            for (port, slot), repetition in self._repetitions.items()
        ]
        served = {
            where: tuple(sorted(repetition.served))
            for where, repetition in self._repetitions.items()
            if repetition.served
        }
        return tuple(cached), served

    def restore(
        self,
        cached: Iterable[CachedMessage],
        served: Mapping[PortSlot, tuple[Iteration, ...]],
        last_received: Callable[[PortState, int | None], Iteration | None],
    ) -> None:
        """Go on from what a snapshot kept.

        Args:
            cached: Messages received ahead.
            served: For padded messages, the iterations that have had theirs.
            last_received: Returns the iteration of the last message on a port and slot.
        """
        ports = {port.name: port for port in self._receiving}
        for port, slot, message, *_ in cached:
            where = (port, slot)
            if port not in self._pads:
                self._ahead[where] = message
                self._used.add(where)
                continue
            pads = self._pads[port]
            done = set(served.get(where, ()))
            last = last_received(ports[port], slot)
            if pads and where not in served and last is not None and min(last, default=0) >= 0:
                # MUSCLE3 does not keep what was padded: what is in use has been given once
                done.add(last[: len(last) - pads])
            self._repetitions[where] = _Repetition(message, pads, done)

    def drain(self) -> None:
        """Receive on every port until it is closed, dropping what comes.

        Raises:
            PeerLost: If a sender was lost; the other ports have been drained then.
        """
        self._ahead.clear()
        losses: list[PeerLost] = []
        for port in self._receiving:
            try:
                self._drain_port(port)
            except PeerLost as error:
                losses.append(error)
        if losses:
            raise losses[0]

    def _drop_used(self) -> None:
        self._ahead.clear()
        self._used.clear()

    def _fill_cache(self) -> Iteration:
        """Receive on each F_INIT port and slot that has nothing; return the iteration."""
        for port in self._plain:
            self._receive_on_slots(port, self._receive_plain)
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
        # A resizable port learns its length from what comes on its first slot, so that one is
        # always received.
        first = 0 if port.is_vector else None
        if (port.name, first) not in self._ahead:
            self._ahead[port.name, first] = receive(port, first)
        for slot in port.slots():
            if (port.name, slot) not in self._ahead:
                self._ahead[port.name, slot] = receive(port, slot)

    def _receive_plain(self, port: PortState, slot: int | None) -> PeerMessage:
        return self._communicator.receive(port, slot)

    def _receive_repeated(
        self, port: PortState, slot: int | None, iteration: Iteration
    ) -> PeerMessage:
        """Return the repeated message for an iteration, or the milestone that closes the port."""
        repetition = self._find_repetition(port, slot, iteration)
        return _closing_message() if repetition is None else repetition.give(iteration)

    def _find_repetition(
        self, port: PortState, slot: int | None, iteration: Iteration
    ) -> _Repetition | None:
        """Return the message that is repeated for an iteration; None if the port is closed."""
        repetition = self._repetitions.get((port.name, slot))
        while repetition is None or not repetition.covers(iteration):
            if not port.is_open(slot):
                return None
            message = self._communicator.receive(port, slot)
            if not isinstance(message.data, Milestone):
                repetition = _Repetition(message, self._pads[port.name])
                self._repetitions[port.name, slot] = repetition
        return repetition

    def _iteration_of(self, ports: list[PortState]) -> Iteration | None:
        """Return the iteration of the messages received ahead, None if there is a milestone."""
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

    def _drain_port(self, port: PortState) -> None:
        # A port may shrink with each message, and nothing will come on a slot that is gone.
        while slots := port.open_slots():
            for slot in slots:
                if slot in (None, 0) or slot < (port.length or 0):
                    self._communicator.receive(port, slot)


def _copied(data: object) -> object:
    """Return data that a model may change while we keep ours; nobody can change arrays."""
    if isinstance(data, dict):
        return {key: _copied(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_copied(item) for item in data]
    return data


def _closing_message() -> PeerMessage:
    return PeerMessage(float("-inf"), None, Milestone(()), Settings(), None, NOT_COUNTED, ())
