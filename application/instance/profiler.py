"""What this instance spends its time on."""

from __future__ import annotations

from typing import Final

from application.interfaces.clock import Clock
from application.interfaces.manager_link import ManagerLink
from domain.ports import PortState
from domain.profiling import ProfileEvent, ProfileEventType

FLUSH_COUNT: Final = 1000
ALWAYS: Final = frozenset(
    {ProfileEventType.REGISTER, ProfileEventType.CONNECT, ProfileEventType.DEREGISTER}
)


class Profiler:
    """Collects events, and hands them to the manager's link in batches.

    Args:
        clock: Tells the time.
        link: Where the events go; it sends them on a thread of its own.
    """

    def __init__(self, *, clock: Clock, link: ManagerLink) -> None:
        self._clock = clock
        self._link = link
        self._events: list[ProfileEvent] = []
        self.is_on = True

    def now(self) -> int:
        """Return the time in ns since the Unix epoch."""
        return self._clock.time_ns()

    def record(self, kind: ProfileEventType, start: int, stop: int | None = None) -> None:
        """Record something that has nothing to do with a port; it ended now unless said."""
        if self.is_on or kind in ALWAYS:
            self._add(ProfileEvent(kind, start, self.now() if stop is None else stop))

    def record_message(
        self,
        kind: ProfileEventType,
        start: int,
        stop: int,
        port: PortState,
        slot: int | None,
        number: int,
        size: int,
        timestamp: float,
    ) -> None:
        """Record that a message was sent, or a part of receiving one."""
        self._add(
            ProfileEvent(
                kind,
                start,
                stop,
                port.name,
                port.operator,
                port.length,
                slot,
                None if number < 0 else number,
                size,
                timestamp,
            )
        )

    def flush(self) -> None:
        """Hand over what has been collected."""
        if self._events:
            events, self._events = self._events, []
            self._link.submit_profile_events(events)

    def _add(self, event: ProfileEvent) -> None:
        self._events.append(event)
        if len(self._events) >= FLUSH_COUNT:
            self.flush()
