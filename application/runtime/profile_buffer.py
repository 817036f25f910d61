"""The events of one process that belong to the profile of the run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from application.interfaces.clock import Clock
from domain.runtime.trace import TraceEvent

MOST_EVENTS: Final = 20_000
"""How many events a process keeps, if they are not written: the latest ones."""

BATCH: Final = 1000
"""How many events are sent together."""

SHORTEST_WAIT: Final = 0.001
"""Waits of fewer seconds are not recorded."""


_Event = tuple[str, str, float, float, str, int]
"""The fields of a TraceEvent, without its member."""


class ProfileBuffer:
    """Keeps events until they are sent.

    It is always on, so adding an event must cost about a microsecond.

    Args:
        clock: Times events.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.now: Callable[[], float] = clock.time
        self._events: deque[_Event] = deque(maxlen=MOST_EVENTS)
        self._busy: dict[str, int] = {}  # a bit for each line of a row
        self._on_batch: Callable[[], None] | None = None
        self._added = 0

    def notify(self, on_batch: Callable[[], None]) -> None:
        """Call back for each batch of events, which must be taken then."""
        self._on_batch = on_batch

    def add(self, name: str, category: str, start: float, *, row: str = "", size: int = 0) -> None:
        """Add an event that ends now.

        Args:
            name: See `TraceEvent`.
            category: See `TraceEvent`.
            start: What `now` returned when it began.
            row: See `TraceEvent`.
            size: See `TraceEvent`.
        """
        self._append((name, category, start, self.now() - start, row, size))

    def _append(self, event: _Event) -> None:
        self._events.append(event)
        self._added += 1
        if self._added >= BATCH and self._on_batch is not None:
            self._added = 0
            self._on_batch()

    def add_call(
        self, name: str, arrived: float, started: float, seconds: float, *, row: str
    ) -> None:
        """Add a call that has ended, and its wait, unless that was short.

        Args:
            name: See `TraceEvent`.
            arrived: What `now` returned when it arrived.
            started: What `now` returned when it started.
            seconds: How long it ran.
            row: See `TraceEvent`. No other call of the row may overlap with it.
        """
        if started - arrived >= SHORTEST_WAIT:
            self._append((name, "wait", arrived, started - arrived, f"{row} queue", 0))
        self._append((name, "task", started, seconds, row, 0))

    def add_wait(self, name: str, start: float, *, row: str) -> None:
        """Add a wait that ends now, unless it was short."""
        if self.now() - start >= SHORTEST_WAIT:
            self.add(name, "wait", start, row=row)

    def begin(self, row: str) -> int:
        """Begin an event, and return its line in the row: the first that no other event uses.

        Events on one line of a trace must not overlap.
        """
        busy = self._busy.get(row, 0)
        free = ~busy & (busy + 1)
        self._busy[row] = busy | free
        return free.bit_length() - 1

    def end(
        self, name: str, category: str, start: float, *, row: str, line: int, size: int = 0
    ) -> None:
        """End an event that `begin` has begun, and add it."""
        busy = self._busy[row] & ~(1 << line)
        if busy:
            self._busy[row] = busy
        else:
            del self._busy[row]
        self.add(name, category, start, row=f"{row} #{line + 1}" if line else row, size=size)

    def take(self, member: str) -> list[TraceEvent]:
        """Remove and return all events, as those of a member."""
        events = list(self._events)
        self._events.clear()
        self._added = 0
        return [
            TraceEvent(name, category, member, start, duration, row, size)
            for name, category, start, duration, row, size in events
        ]
