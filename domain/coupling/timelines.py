"""Timelines, iterations, and the rounds of O_I and S within one pass of the reuse loop.

The timeline of a component is a path such as `macro:micro`: its own flattened name, below those of
the components that call it. If the path has n parts, its F_INIT and O_F messages carry an iteration
of n - 1 counters, which identifies the call that they belong to. Its O_I and S messages carry an
iteration of n counters.

Within one pass, each sub-timeline goes through *rounds*: every connected O_I port and slot sends
once, and every connected S port and slot receives once. The operator that is used first leads for
the rest of the pass::

            O_I leads                                 S leads
    idle ──send──> sending ─last send─> receiving     idle ──receive──> receiving ─last─> sending
      ^                                     │           ^                                    │
      └───────────── last receive ──────────┘           └───────────── last send ────────────┘

If one of the operators has no connected ports, a round has no second half.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from domain.coupling.messages import Iteration
from domain.coupling.ports import (
    Operator,
    PortSlot,
    PortState,
    port_label,
    ports_in_ymmsl,
)
from domain.errors import CallOrderError

REUSE_LOOP: Final = "Send and receive in the reuse loop: while instance.reuse_instance(): ..."


class Timeline:
    """A path of component names, from the outermost caller to the component itself.

    Args:
        text: The names, joined by colons; empty for the root.
    """

    __slots__ = ("parts",)

    def __init__(self, text: str) -> None:
        self.parts: tuple[str, ...] = tuple(part for part in text.split(":") if part)

    def __len__(self) -> int:
        return len(self.parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeline) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __str__(self) -> str:
        return ":".join(self.parts)

    def __repr__(self) -> str:
        return f'Timeline("{self}")'


class RoundsState(NamedTuple):
    """The state of a sub-timeline in a snapshot."""

    iteration: Iteration | None
    first_operator: Operator | None
    sent: tuple[PortSlot, ...]
    received: tuple[PortSlot, ...]


class Rounds:
    """The rounds of O_I and S on one sub-timeline.

    Args:
        ports: The connected O_I and S ports on it.
        is_checked: Whether each port and slot must take part in each round. If not, a new round
            begins when one of them takes part again.
    """

    def __init__(self, ports: Iterable[PortState], *, is_checked: bool = True) -> None:
        self._is_checked = is_checked
        ports = list(ports)
        self._senders = [port for port in ports if port.operator is Operator.O_I]
        self._receivers = [port for port in ports if port.operator is Operator.S]
        self.start_pass()

    def start_pass(self) -> None:
        """Forget the previous pass of the reuse loop."""
        self.iteration: Iteration | None = None
        self.first_operator: Operator | None = None
        self._sent: set[PortSlot] = set()
        self._received: set[PortSlot] = set()

    @property
    def is_between_rounds(self) -> bool:
        """Whether no round is in progress: all rounds are complete, or none has begun."""
        return not self._sent and not self._received

    def may_send(self, port: str, slot: int | None) -> bool:
        """Whether it is the turn of this O_I port and slot."""
        if not self._is_checked:
            return True
        if (port, slot) in self._sent:
            return False
        if self.is_between_rounds:
            return self.first_operator is not Operator.S or not self._receivers
        if self.first_operator is Operator.O_I:
            return not self._received
        return self._is_done(self._receivers, self._received)

    def may_receive(self, port: str, slot: int | None) -> bool:
        """Whether it is the turn of this S port and slot."""
        if not self._is_checked:
            return True
        if (port, slot) in self._received:
            return False
        if self.is_between_rounds:
            return self.first_operator is not Operator.O_I or not self._senders
        if self.first_operator is Operator.S:
            return not self._sent
        return self._is_done(self._senders, self._sent)

    def send(self, port: str, slot: int | None, outer: Iteration) -> Iteration:
        """Record that a port and slot sends; return the iteration of the message.

        Args:
            port: Name of an O_I port.
            slot: Slot of it.
            outer: Iteration of the pass.
        """
        if self.first_operator is None:
            self.first_operator = Operator.O_I
        if (port, slot) in self._sent:
            self._begin_unchecked_round()
        if self.is_between_rounds:
            self.iteration = self._next_iteration(outer)
        self._sent.add((port, slot))
        result = self.iteration
        self._finish_round_if_done()
        return outer if result is None else result

    def receive(
        self, port: str, slot: int | None, outer: Iteration, received: Iteration | None
    ) -> None:
        """Record that a port and slot has received.

        Args:
            port: Name of an S port.
            slot: Slot of it.
            outer: Iteration of the pass.
            received: Iteration of the message; None if it has none (a repeated message).

        Raises:
            CallOrderError: If the message does not belong to the current round.
        """
        if self.first_operator is None:
            self.first_operator = Operator.S
        if (port, slot) in self._received:
            self._begin_unchecked_round()
        if not self._is_checked:
            self._take_any_iteration(outer, received)
        elif self.first_operator is Operator.S:
            self._take_iteration(port, outer, received)
        self._received.add((port, slot))
        self._finish_round_if_done()

    def note_closed(self, port: PortState) -> None:
        """Record that a slot of an S port was closed; rounds go on without a port that has none."""
        if not port.open_slots():
            self._receivers = [item for item in self._receivers if item is not port]
            self._received = {item for item in self._received if item[0] != port.name}
            self._finish_round_if_done()

    def iteration_to_receive(self, outer: Iteration) -> Iteration:
        """Return the iteration for which an S port would receive next."""
        if self.iteration is None or (
            self.is_between_rounds and self.first_operator is not Operator.O_I
        ):
            return self._next_iteration(outer)
        return self.iteration

    def last_received(self, port: str, slot: int | None, outer: Iteration) -> Iteration:
        """Return the iteration of the last message on an S port; (…, -1) if there was none."""
        if self.iteration is None:
            return (*outer, -1)
        if self.is_between_rounds or (port, slot) in self._received:
            return self.iteration
        return (*self.iteration[:-1], self.iteration[-1] - 1)

    def missing_actions(self) -> list[str]:
        """Describe the actions that are allowed next."""
        sends = [(port, slot) for port in self._senders for slot in port.slots()]
        receives = [(port, slot) for port in self._receivers for slot in port.slots()]
        return [
            f"A send on O_I port '{port_label(port.name, slot)}'"
            for port, slot in sends
            if self.may_send(port.name, slot)
        ] + [
            f"A receive on S port '{port_label(port.name, slot)}'"
            for port, slot in receives
            if self.may_receive(port.name, slot)
        ]

    def skipped_outputs(self) -> list[PortState]:
        """Return the O_I ports that have not sent in a round in which another one has."""
        sent = {name for name, _ in self._sent}
        skipped = [port for port in self._senders if port.name not in sent]
        return skipped if sent else []

    def state(self) -> RoundsState:
        """Return the state to save in a snapshot.

        A complete round is saved as one in which all ports took part, rather than as no round:
        otherwise MUSCLE3 would repeat the round when it resumes from the snapshot.
        """
        sent, received = self._sent, self._received
        if self.is_between_rounds and self.iteration is not None:
            sent, received = _all_slots(self._senders), _all_slots(self._receivers)
        return RoundsState(
            self.iteration,
            self.first_operator,
            tuple(sorted(sent, key=_sort_key)),
            tuple(sorted(received, key=_sort_key)),
        )

    def restore(self, state: RoundsState) -> None:
        """Restore the state from a snapshot. The ports must already have their lengths."""
        self.iteration = state.iteration
        self.first_operator = state.first_operator
        self._sent = set(state.sent)
        self._received = set(state.received)
        self._finish_round_if_done()

    def deduce(self, counts: Mapping[str, Sequence[int]], outer: Iteration) -> RoundsState:
        """Return the state that follows from the message counts of all passes together.

        Every port and slot takes part in every round, so those with the highest count have taken
        part in the last round.
        """
        ports = [*self._senders, *self._receivers]
        rounds = max((count for port in ports for count in counts.get(port.name, ())), default=0)
        if not rounds:
            return RoundsState(None, None, (), ())
        sent = _slots_with(self._senders, counts, rounds)
        received = _slots_with(self._receivers, counts, rounds)
        all_sent = self._is_done(self._senders, set(sent))
        all_received = self._is_done(self._receivers, set(received))
        first = Operator.O_I if all_sent or not received else Operator.S
        # the counts do not show which operator led a complete round
        known_first = None if all_sent and all_received else first
        return RoundsState((*outer, rounds - 1), known_first, sent, received)

    def _next_iteration(self, outer: Iteration) -> Iteration:
        return (*outer, 0) if self.iteration is None else (*outer, self.iteration[-1] + 1)

    def _begin_unchecked_round(self) -> None:
        self._sent = set()
        self._received = set()

    def _take_any_iteration(self, outer: Iteration, received: Iteration | None) -> None:
        """Take the iteration of a message, unless a later one has been used already."""
        if received is None:
            received = self._next_iteration(outer) if self.is_between_rounds else self.iteration
        if self.iteration is None or (received is not None and received > self.iteration):
            self.iteration = received

    def _take_iteration(self, port: str, outer: Iteration, received: Iteration | None) -> None:
        if received is None:
            if self.is_between_rounds:
                self.iteration = self._next_iteration(outer)
        elif self.is_between_rounds:
            if self.iteration is not None and received <= self.iteration:
                msg = (
                    f"A message for iteration {list(received)} was received on port '{port}', but"
                    f" iteration {list(self.iteration)} has been done already. Do the peers of this"
                    " component send equally often?"
                )
                raise CallOrderError(msg)
            self.iteration = received
        elif received != self.iteration:
            msg = (
                f"A message for iteration {list(received)} was received on port '{port}' in a"
                f" round with messages for iteration {list(self.iteration or ())}. Do the peers of"
                " this component send equally often?"
            )
            raise CallOrderError(msg)

    def _finish_round_if_done(self) -> None:
        if self._is_done(self._senders, self._sent) and self._is_done(
            self._receivers, self._received
        ):
            self._sent = set()
            self._received = set()

    @staticmethod
    def _is_done(ports: list[PortState], done: set[PortSlot]) -> bool:
        return len(done) >= sum(map(_slots_in_a_round, ports))


class TimelineState(NamedTuple):
    """The state of the current pass in a snapshot."""

    iteration: Iteration | None
    sent: tuple[PortSlot, ...]
    rounds: Mapping[str, RoundsState]


class ReuseLoop:
    """The order of sends and receives within the passes of the reuse loop.

    Args:
        ports: All ports of the instance, by name.
        depth: How many parts the timeline has.
        is_checked: Whether to check the order.
    """

    def __init__(
        self, ports: Mapping[str, PortState], *, depth: int = 1, is_checked: bool = True
    ) -> None:
        self._ports = ports
        self._is_checked = is_checked
        self._depth = depth
        self._final = [
            port for port in ports.values() if port.operator is Operator.O_F and port.is_connected
        ]
        self._rounds: dict[str, Rounds] = {}
        by_name: dict[str, Rounds] = {}
        for annotation in {port.port.timeline for port in ports.values()}:
            members = [
                port
                for port in ports.values()
                if port.port.timeline == annotation
                and port.operator in (Operator.O_I, Operator.S)
                and port.is_connected
            ]
            if members:
                rounds = self._rounds[annotation] = Rounds(members, is_checked=is_checked)
                by_name.update({port.name: rounds for port in members})
        self._rounds_by_port = by_name
        self.iteration: Iteration | None = None
        self._sent: set[PortSlot] = set()

    def start_pass(self, iteration: Iteration) -> None:
        """Begin a pass, for the iteration of the messages received on F_INIT."""
        self.iteration = iteration
        self._sent = set()
        for rounds in self._rounds.values():
            rounds.start_pass()

    def send(self, port: PortState, slot: int | None) -> Iteration:
        """Record that a connected port sends; return the iteration of the message.

        Raises:
            CallOrderError: If the port is not allowed to send now.
        """
        outer = self.iteration
        if outer is None:
            raise self._call_order_error(f"a send on port '{port_label(port.name, slot)}'")
        if port.operator is Operator.O_I:
            rounds = self._rounds_by_port[port.name]
            if not rounds.may_send(port.name, slot):
                raise self._call_order_error(f"a send on O_I port '{port_label(port.name, slot)}'")
            return rounds.send(port.name, slot, outer)
        is_early = (port.name, slot) in self._sent or not self._all_between_rounds()
        if self._is_checked and is_early:
            raise self._call_order_error(f"a send on O_F port '{port_label(port.name, slot)}'")
        self._sent.add((port.name, slot))
        return outer

    def check_begun(self) -> None:
        """Check that the reuse loop has begun, so that messages have been received on F_INIT.

        Raises:
            CallOrderError: If it has not.
        """
        if self.iteration is None:
            raise self._call_order_error("a receive on an F_INIT port")

    def expect_receive(self, port: PortState, slot: int | None) -> Iteration:
        """Check that a connected S port may receive now; return the iteration to receive.

        Raises:
            CallOrderError: If it may not.
        """
        outer = self.iteration
        rounds = self._rounds_by_port[port.name]
        if outer is None or not rounds.may_receive(port.name, slot):
            raise self._call_order_error(f"a receive on S port '{port_label(port.name, slot)}'")
        return rounds.iteration_to_receive(outer)

    def receive(self, port: PortState, slot: int | None, received: Iteration | None) -> None:
        """Record that a connected S port has received a message for an iteration."""
        assert self.iteration is not None
        self._rounds_by_port[port.name].receive(port.name, slot, self.iteration, received)

    def note_closed(self, port: PortState) -> None:
        """Record that the sender to a connected S port has finished."""
        self._rounds_by_port[port.name].note_closed(port)

    def check_finished(self) -> None:
        """Check that the pass is complete.

        Raises:
            CallOrderError: If something still has to be sent or received.
        """
        if self.iteration is None or not self._is_checked:
            return
        if not self._all_between_rounds() or self._final_to_send():
            raise self._call_order_error("the next call of reuse_instance()")

    def state(self) -> TimelineState:
        """Return the state to save in a snapshot."""
        return TimelineState(
            self.iteration,
            tuple(sorted(self._sent, key=_sort_key)),
            {name: rounds.state() for name, rounds in self._rounds.items()},
        )

    def restore(self, state: TimelineState, lengths: Mapping[str, int] | None = None) -> None:
        """Restore the state from a snapshot.

        Args:
            state: The saved state.
            lengths: Lengths of the resizable ports, which determine whether a round is complete.
        """
        for name, length in (lengths or {}).items():
            if name in self._ports and self._ports[name].is_resizable:
                self._ports[name].set_length(length)
        self.iteration = state.iteration
        self._sent = set(state.sent)
        for name, rounds in state.rounds.items():
            if name in self._rounds:
                self._rounds[name].restore(rounds)

    def deduce(self, counts: Mapping[str, Sequence[int]]) -> TimelineState:
        """Deduce the state from the message counts of each port and slot.

        This is for snapshots that contain nothing else. The iteration may differ from the actual
        one, but it agrees with what peers with the same message counts deduce.
        """
        once_a_pass = (Operator.F_INIT, Operator.O_F)
        passed = [
            count
            for name, port in self._ports.items()
            if port.is_connected and port.operator in once_a_pass
            for count in counts.get(name, ())
        ]
        passes = max(passed, default=0) or 1
        outer = (*(0,) * (self._depth - 2), passes - 1) if self._depth > 1 else ()
        return TimelineState(
            outer,
            _slots_with(self._final, counts, passes),
            {name: rounds.deduce(counts, outer) for name, rounds in self._rounds.items()},
        )

    def last_received(self, port: PortState, slot: int | None) -> Iteration | None:
        """Return the iteration of the last message on a receiving port; None if unknown.

        For an S port that has not yet received in this pass, it is the one before the first
        iteration of the pass.
        """
        if self.iteration is None or port.operator is Operator.F_INIT:
            return self.iteration
        rounds = self._rounds_by_port.get(port.name)
        if rounds is None:
            return None
        return rounds.last_received(port.name, slot, self.iteration)

    def _all_between_rounds(self) -> bool:
        return all(rounds.is_between_rounds for rounds in self._rounds.values())

    def _final_to_send(self) -> list[PortSlot]:
        return [
            (port.name, slot)
            for port in self._final
            for slot in port.slots()
            if (port.name, slot) not in self._sent
        ]

    def _call_order_error(self, action: str) -> CallOrderError:
        expected = ["A call of reuse_instance()"] if self.iteration is None else []
        if self.iteration is not None:
            expected = [
                item for rounds in self._rounds.values() for item in rounds.missing_actions()
            ]
            if self._all_between_rounds():
                expected += [
                    f"A send on O_F port '{port_label(port, slot)}'"
                    for port, slot in self._final_to_send()
                ]
                if not self._final_to_send():
                    expected.append("A call of reuse_instance()")
        lines = "\n".join(f"- {item}" for item in expected)
        cure = "" if self.iteration is not None else f"\n{REUSE_LOOP}"
        return CallOrderError(
            f"Not allowed to do {action} yet: was expecting one of the following instead:\n{lines}"
            f"{self._timeline_advice()}{cure}"
        )

    def _timeline_advice(self) -> str:
        """Return advice on outputs that are not sent in every step; empty if there are none."""
        late = [port for rounds in self._rounds.values() for port in rounds.skipped_outputs()]
        if not late:
            return ""
        names = " and ".join(f"'{port.name}'" for port in late)
        ports = [
            replace(item.port, timeline=item.name) if item in late else item.port
            for item in self._ports.values()
        ]
        return (
            f"\nIf {names} may be sent less often than the other ports, give it a timeline of its"
            " own: in the yMMSL file, write for this component\n"
            f"    ports: {ports_in_ymmsl(ports)}"
        )


def _all_slots(ports: Iterable[PortState]) -> set[PortSlot]:
    return {(port.name, slot) for port in ports for slot in port.slots()}


def _slots_with(
    ports: Iterable[PortState], counts: Mapping[str, Sequence[int]], number: int
) -> tuple[PortSlot, ...]:
    """Return the ports and slots that have passed a given number of messages."""
    return tuple(
        (port.name, index if port.is_vector else None)
        for port in ports
        for index, count in enumerate(counts.get(port.name, ()))
        # a slot that was added to a resizable port later has passed fewer messages than the others
        if (counts[port.name][0] if port.is_resizable else count) == number
    )


def _slots_in_a_round(port: PortState) -> int:
    if port.length is None:
        return 1
    # A resizable receiving port learns its length from the messages on its first slot.
    learns_length = port.is_resizable and port.operator.allows_receiving
    return max(port.length, 1) if learns_length else port.length


def _sort_key(item: PortSlot) -> tuple[str, int]:
    return item[0], -1 if item[1] is None else item[1]
