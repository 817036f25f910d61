"""What this instance spends its time on."""

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
    """A message that was sent or received, as it is noted while the model waits.

    Attributes:
        marks: When it began and ended, for one that was sent; for one that was received when we
            began to wait, when it began to arrive, was there, and was decoded. All in ns.
        port: The port.
        length: Its length.
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

    def events(self) -> Iterator[ProfileEvent]:
        """Yield the events that make this up."""
        marks = self.marks
        if len(marks) == len(("start", "stop")):
            yield self._event(ProfileEventType.SEND, marks[0], marks[1])
            return
        # it may have arrived before we asked
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
    """Collects what happened, and hands it to the manager's link in batches.

    Args:
        clock: Tells the time.
        link: Where the events go; it makes and sends them on a thread of its own.
    """

    def __init__(self, *, clock: Clock, link: ManagerLink) -> None:
        self._link = link
        self._collected: list[PassedMessage | ProfileEvent] = []
        self.now = clock.time_ns
        self.is_on = True

    def record(self, kind: ProfileEventType, start: int, stop: int | None = None) -> None:
        """Record something that has nothing to do with a port; it ended now unless said."""
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
        """Hand over what has been collected."""
        if self._collected:
            collected, self._collected = self._collected, []
            self._link.submit_profile_events(_events_of(collected))

    def _add(self, item: PassedMessage | ProfileEvent) -> None:
        self._collected.append(item)
        if len(self._collected) >= FLUSH_COUNT:
            self.flush()


def _events_of(collected: list[PassedMessage | ProfileEvent]) -> Iterator[ProfileEvent]:
    """Yield the events when they are asked for, which is not on the model's thread."""
    for item in collected:
        if isinstance(item, PassedMessage):
            yield from item.events()
        else:
            yield item
