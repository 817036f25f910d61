"""What instances send to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from domain.settings import Settings

Iteration = tuple[int, ...]
"""One counter for each level of the timeline on which a message is sent."""


@dataclass
class Message:
    """A message, as a model sends or receives it.

    Attributes:
        timestamp: Simulation time of the state that the data describe, in the model's unit.
        next_timestamp: Time of the next message that the sender intends to send, or None.
        data: What is sent: None, a bool, int, float, str or bytes, a numpy array, a Grid,
            Settings, or lists and dicts of these.
        settings: Settings to send along instead of the sender's overlay; None for the overlay.
    """

    timestamp: float
    next_timestamp: float | None = None
    data: object = None
    settings: Settings | None = None


@dataclass(frozen=True)
class Milestone:
    """Says that nothing more will be sent for an iteration.

    Attributes:
        iteration: The finished iteration; the empty one closes the port.
    """

    iteration: Iteration

    @property
    def closes_port(self) -> bool:
        """Whether nothing more will be sent at all."""
        return not self.iteration


class PeerMessage:
    """A message on its way between two endpoints.

    Attributes:
        timestamp: As in Message.
        next_timestamp: As in Message.
        data: The user's data, or a Milestone.
        overlay: Settings overlay that goes with it.
        port_length: Length of the sending port if that is resizable, else None.
        number: Counts from 0 for each port and slot; -1 for a message that is not counted.
        iteration: Iteration to which the message belongs.
    """

    __slots__ = (
        "data",
        "iteration",
        "next_timestamp",
        "number",
        "overlay",
        "port_length",
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
    ) -> None:
        self.timestamp = timestamp
        self.next_timestamp = next_timestamp
        self.data = data
        self.overlay = overlay
        self.port_length = port_length
        self.number = number
        self.iteration = iteration
        self.size = 0

    def with_data(self, data: object) -> PeerMessage:
        """Return the same message with other data."""
        return PeerMessage(
            self.timestamp,
            self.next_timestamp,
            data,
            self.overlay,
            self.port_length,
            self.number,
            self.iteration,
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
"""Message number of what passes through a reducing filter, or closes the port of who failed."""


class LogRecord(NamedTuple):
    """A line for the log of the run.

    Attributes:
        instance: Who says it.
        time: When, in seconds since the Unix epoch.
        level: A number as in Python's logging; 0 for local and 100 for disabled.
        text: What is said.
    """

    instance: str
    time: float
    level: int
    text: str


LogMessage = LogRecord
"""The name that MUSCLE3's documentation uses."""


class Wait(NamedTuple):
    """An instance waiting to receive.

    Attributes:
        instance: Who waits.
        peer: For whom.
        port: On which of its ports.
        slot: On which slot of it; None for a scalar port.
    """

    instance: str
    peer: str
    port: str
    slot: int | None = None


__all__ = [
    "NOT_COUNTED",
    "Iteration",
    "LogMessage",
    "LogRecord",
    "Message",
    "Milestone",
    "PeerMessage",
    "Wait",
]
