"""The profile of a run, which every process writes, and the monitor collects."""

from __future__ import annotations

from collections.abc import Iterable

from application.interfaces.clock import Clock
from application.runtime.comms import Comms
from domain.runtime.trace import TraceEvent, as_trace
from domain.runtime.uids import MONITOR

MOST_EVENTS = 200_000
"""How many events a process keeps; later ones are dropped, and counted."""


class Profile:
    """Collects the events of this process, and of others that send theirs here.

    Args:
        own: Uid of the process.
        clock: Times events.
        comms: Sends them to the monitor.
    """

    def __init__(self, *, own: str, clock: Clock, comms: Comms) -> None:
        self._own = own
        self._clock = clock
        self._comms = comms
        self._events: list[TraceEvent] = []
        self._collected: list[TraceEvent] = []
        self.dropped = 0

    def now(self) -> float:
        """Return the time, for `add`."""
        return self._clock.time()

    def add(self, name: str, category: str, start: float, *, row: str = "") -> None:
        """Add an event that ends now."""
        if len(self._events) >= MOST_EVENTS:
            self.dropped += 1
            return
        duration = self._clock.time() - start
        self._events.append(TraceEvent(name, category, self._own, start, duration, row))

    def set_profiler(self) -> None:
        """Create the buffer of events. It exists already, so this changes nothing."""

    def request_profile(self, sender_id: str) -> list[TraceEvent]:
        """Return the new events of this runtime."""
        del sender_id
        events, self._events = self._events, []
        return events

    def recv_profile(self, sender_id: str, profiler_update: Iterable[TraceEvent]) -> None:
        """Add events to the profile of the monitor."""
        del sender_id
        self._collected.extend(profiler_update)

    async def send_profile(self) -> None:
        """Send the new events of this runtime to the monitor."""
        events = self.request_profile(self._own)
        await self._comms.call(MONITOR, "recv_profile", {"profiler_update": events}, reply=True)

    def trace(self) -> str:
        """Return the trace of all events that were collected, and of this process."""
        return as_trace([*self._collected, *self._events])
