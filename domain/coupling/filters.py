"""Conduit filters: what each one does to messages and timelines, and what state it has.

A *reducer* runs at the sender. It turns the messages of an iteration into a single one, which is
sent at the milestone that ends the iteration, so messages leave it with fewer counters. A
*repeater* runs at the receiver. It delivers a message once for each iteration within that of the
message, so messages leave it with more counters::

    sender               reducer (last)      repeater (repeat)
    (0, 0) (0, 1) ──────────> (0,) ──────────────> (0, 0) (0, 1) (0, 2)
    (1, 0) (1, 1) ──────────> (1,) ──────────────> (1, 0) (1, 1) (1, 2)

`filters_of` returns the filters of a conduit, with how many levels of iteration they remove, and
whether they add any. A `Reduction` applies the reducers of a conduit to one stream of messages,
and a `Repetition` applies the repeaters to one message.

Equal filters in a row, such as `last last`, act as a single one over as many levels. So a reducer
must give the same result whether it takes the messages level by level or all at once: `last` does,
a mean does not.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, Final, NamedTuple, Protocol, TypeVar, final

from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.messages import NOT_COUNTED, Iteration, Milestone, PeerMessage
from domain.coupling.settings import Settings
from domain.errors import UnsendableData

NO_SETTINGS: Final = Settings()


class Reducer(Protocol):
    """Turns the messages of an iteration into a single one, at the sender.

    Attributes:
        level_change: How many counters the iteration of a message gains; negative.
    """

    level_change: ClassVar[int]

    @abstractmethod
    def take(self, message: PeerMessage) -> None:
        """Take the next message of the iteration; the reducer may keep and change it."""

    @abstractmethod
    def finish(self) -> PeerMessage | None:
        """End the iteration; return its message, or None if nothing was taken."""

    @abstractmethod
    def state(self) -> PeerMessage | None:
        """Return what a snapshot must save: a message, or None if there is nothing to save."""

    @abstractmethod
    def restore(self, state: PeerMessage) -> None:
        """Continue from a saved state."""


class Repeater(Protocol):
    """Delivers a message for each iteration within that of the message, at the receiver.

    There is one repeater for each message.

    Attributes:
        level_change: How many counters the iteration of a message gains; positive.
    """

    level_change: ClassVar[int]

    @abstractmethod
    def give(self, data: object, outer: Iteration, inner: tuple[int, ...]) -> object:
        """Return the data to deliver for one iteration.

        Args:
            data: Data of the message.
            outer: Iteration of the message.
            inner: The counters that this filter adds to it.
        """

    @abstractmethod
    def state(self) -> Iterable[Iteration]:
        """Return what a snapshot must save: the iterations `outer` that have had their data."""

    @abstractmethod
    def restore(self, state: Iterable[Iteration]) -> None:
        """Continue from a saved state; ignore iterations of other lengths (of other filters)."""


@final
class Last(Reducer):
    """Passes only the last message of an iteration."""

    level_change: ClassVar[int] = -1

    def __init__(self) -> None:
        self._held: PeerMessage | None = None

    def take(self, message: PeerMessage) -> None:
        """Replace the previous message."""
        self._held = message

    def finish(self) -> PeerMessage | None:
        """Return the last message of the iteration, or None if nothing was taken."""
        held, self._held = self._held, None
        return held

    def state(self) -> PeerMessage | None:
        """Return the message that is held back."""
        return self._held

    def restore(self, state: PeerMessage) -> None:
        """Hold a message back again."""
        self._held = state


@final
class Repeat(Repeater):
    """Delivers the same message for each iteration."""

    level_change: ClassVar[int] = 1

    def give(self, data: object, outer: Iteration, inner: tuple[int, ...]) -> object:  # noqa: ARG002
        """Return the data."""
        return data

    def state(self) -> Iterable[Iteration]:
        """Return nothing: it needs no state."""
        return ()

    def restore(self, state: Iterable[Iteration]) -> None:
        """Do nothing."""


@final
class Pad(Repeater):
    """Delivers the message for the first iteration, and empty messages for the others.

    It must be the last filter of a conduit: with another one after it, it would deliver the message
    for several iterations, because it does not distinguish these.
    """

    level_change: ClassVar[int] = 1

    def __init__(self) -> None:
        self._served: set[Iteration] = set()

    def give(self, data: object, outer: Iteration, inner: tuple[int, ...]) -> object:  # noqa: ARG002
        """Return the data the first time, and None after that."""
        if outer in self._served:
            return None
        self._served.add(outer)
        return data

    def state(self) -> Iterable[Iteration]:
        """Return the iterations that have had their data."""
        return self._served

    def restore(self, state: Iterable[Iteration]) -> None:
        """Deliver only empty messages for these iterations."""
        self._served.update(state)


REDUCERS: Final[Mapping[ConduitFilter, type[Reducer]]] = {ConduitFilter.LAST: Last}
REPEATERS: Final[Mapping[ConduitFilter, type[Repeater]]] = {
    ConduitFilter.REPEAT: Repeat,
    ConduitFilter.PAD: Pad,
}


_F = TypeVar("_F", type[Reducer], type[Repeater])


def _in_runs(
    filters: Iterable[ConduitFilter], kinds: Mapping[ConduitFilter, _F]
) -> list[tuple[_F, int]]:
    """Return the filters of some kinds with their level change, equal ones in a row as one."""
    return [
        (kinds[name], kinds[name].level_change * len(list(run)))
        for name, run in groupby(filters)
        if name in kinds
    ]


@dataclass(frozen=True, slots=True)
class FilterChain:
    """The filters of a conduit, in the order in which messages pass them.

    Attributes:
        names: Their names.
    """

    names: tuple[ConduitFilter, ...]

    @property
    def reduces(self) -> bool:
        """Whether the sender applies any of the filters."""
        return any(name in REDUCERS for name in self.names)

    @property
    def repeats(self) -> bool:
        """Whether the receiver applies any of the filters."""
        return any(name in REPEATERS for name in self.names)

    @property
    def levels_removed(self) -> int:
        """Number of counters that the iteration of a message loses at the sender."""
        return -sum(change for _, change in _in_runs(self.names, REDUCERS))

    @property
    def levels_added(self) -> int:
        """Number of counters that the iteration of a message gains at the receiver."""
        return sum(name in REPEATERS for name in self.names)

    def reduction(self, depth: int) -> Reduction | None:
        """Return the reducers for a new stream of messages; None if there are no reducers.

        Args:
            depth: How many counters the iterations of its messages have.
        """
        if not self.reduces:
            return None
        stages: list[_ReducerStage] = []
        for kind, change in _in_runs(self.names, REDUCERS):
            stages.append(_ReducerStage(kind(), depth, depth + change))
            depth += change
        return Reduction(stages)

    def repetition(self, message: PeerMessage) -> Repetition:
        """Return the repeaters for a message that was received."""
        stages = [(kind(), change) for kind, change in _in_runs(self.names, REPEATERS)]
        return Repetition(message, stages)


def filters_of(conduit: Conduit) -> FilterChain:
    """Return the filters of a conduit."""
    return FilterChain(conduit.filters)


class _ReducerStage(NamedTuple):
    """A reducer, and how many counters iterations have before and after it."""

    reducer: Reducer
    depth: int
    reduced_depth: int


class Reduction:
    """The reducers of a conduit, applied to the messages from one slot to one receiver.

    Args:
        stages: The reducers, in the order in which messages pass them; at least one.

    Attributes:
        depth: How many counters the iterations of the reduced messages have.
    """

    __slots__ = ("_stages", "depth")

    def __init__(self, stages: Sequence[_ReducerStage]) -> None:
        self._stages = stages
        self.depth = stages[-1].reduced_depth

    def take(self, message: PeerMessage) -> None:
        """Take the next message, which must not be used elsewhere.

        Raises:
            UnsendableData: If its data, which the model may change later, cannot be copied.
        """
        try:
            message.data = copy.deepcopy(message.data)
        except Exception as error:  # copying a user's object may raise any error
            reason = f"a filter holds it back, but it cannot be copied: {error}"
            raise UnsendableData("data", reason) from error
        message.number = NOT_COUNTED
        self._stages[0].reducer.take(message)

    def end_iteration(self, milestone: Milestone) -> PeerMessage | None:
        """End an iteration and those within it.

        Returns:
            The reduced message, which is empty if nothing was taken; None if the iteration is not
            one that reduced messages have.
        """
        reached = len(milestone.iteration)
        if reached < self.depth:
            return None
        passed: PeerMessage | None = None
        for reducer, _, depth in self._stages:
            if passed is not None:
                reducer.take(passed)
            if depth < reached:
                return None
            passed = reducer.finish()
            if passed is not None:
                passed.iteration = passed.iteration[:depth]
        if passed is None:
            return _empty_message(milestone.iteration)
        passed.iteration = milestone.iteration
        return passed

    def passes(self, milestone: Milestone) -> bool:
        """Return whether a milestone is sent on to the receiver.

        Milestones of the iterations that reduced messages have are replaced by these messages. The
        one of the root timeline is sent after its message, since it closes the port as well.
        """
        return len(milestone.iteration) < self.depth or milestone.closes_port

    def state(self) -> list[PeerMessage]:
        """Return what a snapshot must save: the messages that the reducers hold."""
        states = [stage.reducer.state() for stage in self._stages]
        return [state for state in states if state is not None]

    def restore(self, state: PeerMessage) -> None:
        """Restore a saved message to its reducer, which its number of counters identifies."""
        depth = len(state.iteration)
        stage = next((item for item in self._stages if item.depth == depth), self._stages[0])
        stage.reducer.restore(state)


class Repetition:
    """A message that was received, and the repeaters that deliver it.

    Args:
        message: The message.
        stages: The repeaters with their level change, in the order in which the message passes
            them.

    Attributes:
        message: The same.
    """

    __slots__ = ("_levels", "_stages", "message")

    def __init__(self, message: PeerMessage, stages: Sequence[tuple[Repeater, int]]) -> None:
        self.message = message
        self._stages = stages
        self._levels = sum(change for _, change in stages)

    def covers(self, iteration: Iteration) -> bool:
        """Return whether the message is for an iteration of the receiver."""
        own = self.message.iteration
        return iteration[: len(own)] == own

    def give(self, iteration: Iteration) -> PeerMessage:
        """Return the message to deliver for an iteration of the receiver."""
        message = self.message
        return PeerMessage(
            message.timestamp,
            message.next_timestamp,
            _copied(self._data_for(iteration)),
            message.overlay,
            message.port_length,
            message.number,
            iteration,
        )

    def note_given(self, iteration: Iteration) -> None:
        """Record that the message was delivered for an iteration before the run was resumed."""
        self._data_for(iteration)

    def state(self) -> tuple[Iteration, ...]:
        """Return what a snapshot must save, besides the message."""
        return tuple(sorted(item for repeater, _ in self._stages for item in repeater.state()))

    def restore(self, state: Iterable[Iteration]) -> None:
        """Continue from a saved state."""
        saved = tuple(state)
        for repeater, _ in self._stages:
            repeater.restore(saved)

    def _data_for(self, iteration: Iteration) -> object:
        data = self.message.data
        start = len(iteration) - self._levels
        for repeater, change in self._stages:
            data = repeater.give(data, iteration[:start], iteration[start : start + change])
            start += change
        return data


def _empty_message(iteration: Iteration) -> PeerMessage:
    return PeerMessage(float("-inf"), None, None, NO_SETTINGS, None, NOT_COUNTED, iteration)


def _copied(data: object) -> object:
    """Return a copy that the model may change; arrays are read-only and need not be copied."""
    if isinstance(data, dict):
        return {key: _copied(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_copied(item) for item in data]
    return data
