"""Profiles the operations of this instance."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from application.interfaces.clock import Clock
from application.interfaces.manager_link import ManagerLink
from domain.coupling.ports import PortState
from domain.running.profiling import ProfileEvent, ProfileEventType

FLUSH_COUNT: Final = 200
ALWAYS: Final = frozenset(
    {ProfileEventType.REGISTER, ProfileEventType.CONNECT, ProfileEventType.DEREGISTER}
)


class PassedMessage(NamedTuple):
    """A message that was sent or received: cheap to record, converted to events later.

    Attributes:
        marks: Times in ns since the Unix epoch. For a sent message: start and stop of sending. For
            a received one: when we started to wait, when it started to arrive, when it had arrived
            completely, and when it was decoded.
        port: The port.
        length: The length of the port, if it is a vector port.
        slot: The slot.
        number: Number of the message.
        size: Size of the message in bytes.
        timestamp: Simulation time of the message.
    """

    marks: tuple[int, ...]
    port: PortState
    length: int | None
    slot: int | None
    number: int
    size: int
    timestamp: float

    @property
    def event_count(self) -> int:
        """Number of profile events of this message."""
        return 1 if len(self.marks) == len(("start", "stop")) else 4

    def events(self) -> Iterator[ProfileEvent]:
        """Yield the profile events of this message."""
        marks = self.marks
        if len(marks) == len(("start", "stop")):
            yield self._event(ProfileEventType.SEND, marks[0], marks[1])
            return
        # the message may have arrived before we started to wait
        start, arrived, transferred, decoded = accumulate(marks, max)
        yield self._event(ProfileEventType.RECEIVE_WAIT, start, arrived)
        yield self._event(ProfileEventType.RECEIVE_TRANSFER, arrived, transferred)
        yield self._event(ProfileEventType.RECEIVE_DECODE, transferred, decoded)
        yield self._event(ProfileEventType.RECEIVE, start, decoded)

    def _event(self, kind: ProfileEventType, start: int, stop: int) -> ProfileEvent:
        return ProfileEvent(
            kind,
            start,
            stop,
            self.port.name,
            self.port.operator,
            self.length,
            self.slot,
            None if self.number < 0 else self.number,
            self.size,
            self.timestamp,
        )


class Profiler:
    """Collects profile events, and passes them to the manager's link in batches.

    Args:
        clock: Provides the time stamps.
        link: Converts and sends the events on its own thread.
    """

    def __init__(self, *, clock: Clock, link: ManagerLink) -> None:
        self._link = link
        self._collected: list[PassedMessage | ProfileEvent] = []
        self.now = clock.time_ns
        self.is_on = True

    def record(self, kind: ProfileEventType, start: int, stop: int | None = None) -> None:
        """Record an event without a port; `stop` defaults to now."""
        if self.is_on or kind in ALWAYS:
            self._add(ProfileEvent(kind, start, self.now() if stop is None else stop))

    def record_message(
        self,
        marks: tuple[int, ...],
        port: PortState,
        slot: int | None,
        number: int,
        size: int,
        timestamp: float,
    ) -> None:
        """Record that a message was sent or received; see PassedMessage."""
        self._add(PassedMessage(marks, port, port.length, slot, number, size, timestamp))

    def flush(self) -> None:
        """Pass the collected events to the link."""
        if self._collected:
            collected, self._collected = self._collected, []
            self._link.submit_profile_events(_LazyEvents(collected))

    def _add(self, item: PassedMessage | ProfileEvent) -> None:
        self._collected.append(item)
        if len(self._collected) >= FLUSH_COUNT:
            self.flush()


class _LazyEvents:
    """Events that are created lazily, so that the model's thread does not spend time on it."""

    def __init__(self, collected: list[PassedMessage | ProfileEvent]) -> None:
        self._collected = collected

    def __iter__(self) -> Iterator[ProfileEvent]:
        for item in self._collected:
            if isinstance(item, PassedMessage):
                yield from item.events()
            else:
                yield item

    def __len__(self) -> int:
        return sum(
            item.event_count if isinstance(item, PassedMessage) else 1 for item in self._collected
        )
