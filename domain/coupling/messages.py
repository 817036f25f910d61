"""Messages that instances exchange."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from domain.coupling.settings import Settings
from domain.errors import ArgumentInvalid, ArgumentMismatch

Iteration = tuple[int, ...]
"""One counter for each level of the timeline on which a message is sent."""


@dataclass
class Message:
    """A message, as a model sends or receives it.

    Attributes:
        timestamp: Simulation time of the state that the data describe, in the model's unit.
        next_timestamp: Time of the next message that the sender intends to send, or None.
        data: The payload: None, a bool, int, float, str or bytes, a numpy array, a Grid,
            Settings, or lists and dicts of these.
        settings: Settings to send instead of the sender's overlay; None to send the overlay.

    Raises:
        TypeError: If a time is not a number.
        ValueError: If a time is a string or a number that cannot be converted to a float.

    Example:
        >>> message = Message(10.0, next_timestamp=12.0, data={"temperature": [20.0, 20.5]})
        >>> message.data["temperature"]
        [20.0, 20.5]
    """

    timestamp: float
    next_timestamp: float | None = None
    data: Any = None
    settings: Settings | None = None

    def __post_init__(self) -> None:
        if type(self.timestamp) is not float:
            self.timestamp = _time(self.timestamp, "timestamp")
        if self.next_timestamp is not None and type(self.next_timestamp) is not float:
            self.next_timestamp = _time(self.next_timestamp, "next_timestamp")

    @property
    def has_times(self) -> bool:
        """Whether both times are still valid: a model may have assigned other values."""
        following = self.next_timestamp
        return type(self.timestamp) is float and (following is None or type(following) is float)


def _time(value: object, name: str) -> float:
    """Convert a time to a float, from a Python or numpy number, or from a string."""
    text = f"The {name} of a Message must be a simulation time, as a number, but {value!r} is a"
    text += f" {type(value).__name__}. Write e.g. Message(0.0, data=...)."
    try:
        return float(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise ArgumentMismatch(text) from error
    except (ValueError, OverflowError) as error:
        raise ArgumentInvalid(text) from error


@dataclass(frozen=True)
class Milestone:
    """Announces that no more messages will be sent for an iteration.

    Attributes:
        iteration: The finished iteration; the empty one closes the port.
    """

    iteration: Iteration

    @property
    def closes_port(self) -> bool:
        """Whether no more messages will be sent on the port."""
        return not self.iteration


class PeerMessage:
    """A message in transit between two endpoints.

    Attributes:
        timestamp: As in Message.
        next_timestamp: As in Message.
        data: The user's data, or a Milestone.
        overlay: Settings overlay that is sent with it.
        port_length: Length of the sending port if that is resizable, else None.
        number: Counts from 0 for each port and slot; -1 for a message that is not counted.
        iteration: Iteration to which the message belongs.
        saved_until: Second of the run up to which the sender's snapshots cover wallclock
            checkpoints; None if unknown.
    """

    __slots__ = (
        "data",
        "iteration",
        "next_timestamp",
        "number",
        "overlay",
        "port_length",
        "saved_until",
        "size",
        "timestamp",
    )

    def __init__(
        self,
        timestamp: float,
        next_timestamp: float | None,
        data: object,
        overlay: Settings,
        port_length: int | None,
        number: int,
        iteration: Iteration,
        saved_until: float | None = None,
    ) -> None:
        self.timestamp = timestamp
        self.next_timestamp = next_timestamp
        self.data = data
        self.overlay = overlay
        self.port_length = port_length
        self.number = number
        self.iteration = iteration
        self.saved_until = saved_until
        self.size = 0

    @property
    def is_empty(self) -> bool:
        """Whether it only announces that a reducing filter had no message to pass."""
        return self.data is None and self.timestamp == float("-inf")

    def with_data(self, data: object) -> PeerMessage:
        """Return a copy of the message with other data."""
        return PeerMessage(
            self.timestamp,
            self.next_timestamp,
            data,
            self.overlay,
            self.port_length,
            self.number,
            self.iteration,
            self.saved_until,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PeerMessage):
            return NotImplemented
        return all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__ if name != "size"
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"PeerMessage(timestamp={self.timestamp}, iteration={self.iteration},"
            f" number={self.number}, data={self.data!r})"
        )


NOT_COUNTED = -1
"""Number of a message that passes a reducing filter, or that closes a failed instance's port."""


class LogRecord(NamedTuple):
    """A line for the log of the run.

    Attributes:
        instance: Name of the instance that logs it.
        time: When it was logged, in seconds since the Unix epoch.
        level: A number as in Python's logging; 0 for local and 100 for disabled.
        text: The log message.
    """

    instance: str
    time: float
    level: int
    text: str


LogMessage = LogRecord
"""The name used in MUSCLE3's documentation."""


WaitKey: TypeAlias = "tuple[str, str, int | None]"
"""Instance, port and slot of a wait: an instance waits at most once on each slot of a port."""

Awaited: TypeAlias = "tuple[str, str, int | None] | tuple[str, str, int | None, bool]"
"""Peer, port and slot of a wait, and optionally whether it is one to send."""


class Wait(NamedTuple):
    """An instance waiting to receive, or, if its queue is full, to send.

    Attributes:
        instance: The waiting instance.
        peer: The instance that it waits for.
        port: The port on which it receives or sends.
        slot: Slot of that port; None for a scalar port.
        is_sending: Whether it waits to send.
    """

    instance: str
    peer: str
    port: str
    slot: int | None = None
    is_sending: bool = False

    @property
    def key(self) -> WaitKey:
        """Instance, port and slot."""
        return self.instance, self.port, self.slot


@dataclass
class MilestoneRow:
    """Consecutive milestones, each for the iteration that follows the previous one.

    Attributes:
        first: The first of them.
        count: How many there are.
    """

    first: PeerMessage
    count: int = 1

    def take(self, message: PeerMessage) -> bool:
        """Add a milestone if it is the next in the row; return whether it was added."""
        is_next = message == self._at(self.count)
        self.count += is_next
        return is_next

    def messages(self) -> Iterator[PeerMessage]:
        """Yield the milestones."""
        return map(self._at, range(self.count))

    def _at(self, place: int) -> PeerMessage:
        first = self.first.iteration
        iteration = (*first[:-1], *(last + place for last in first[-1:]))
        message = self.first.with_data(Milestone(iteration))
        message.iteration = iteration
        return message
