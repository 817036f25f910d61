"""The profile of a run, which every process writes, and the monitor collects."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from application.runtime.comms import Comms
from application.runtime.profile_buffer import MOST_EVENTS, ProfileBuffer
from domain.runtime.task_errors import RuntimeDisconnectedError
from domain.runtime.trace import TraceEvent
from domain.runtime.uids import MONITOR

Sink = Callable[[Sequence[TraceEvent]], None]
"""Writes events to the profile of the run."""

PATIENCE = 2.0
"""Seconds that each worker may take for its last events, when the run ends."""


class Profile:
    """Returns the events of one runtime, and collects those of others at the monitor.

    Args:
        own: Uid of the runtime.
        comms: Sends events to the monitor.
        buffer: The events of the process, for one of its runtimes; None for the others.
    """

    def __init__(self, *, own: str, comms: Comms, buffer: ProfileBuffer | None) -> None:
        self._own = own
        self._comms = comms
        self._buffer = buffer
        self._collected: deque[TraceEvent] = deque(maxlen=MOST_EVENTS)
        self._sink: Sink | None = None

    @property
    def collected(self) -> list[TraceEvent]:
        """The events that were received, as long as nothing writes them."""
        return list(self._collected)

    def write_to(self, sink: Sink) -> None:
        """Write all events that are received from now on, instead of keeping the latest ones."""
        self._sink = sink

    def set_profiler(self) -> None:
        """Create the buffer of events. It exists already, so this changes nothing."""

    def request_profile(self, sender_id: str) -> list[TraceEvent]:
        """Return the new events of this runtime."""
        del sender_id
        return [] if self._buffer is None else self._buffer.take(self._own)

    def recv_profile(self, sender_id: str, profiler_update: Iterable[TraceEvent]) -> None:
        """Add events to the profile of the monitor."""
        del sender_id
        if self._sink is not None:
            self._sink(list(profiler_update))
        else:
            self._collected.extend(profiler_update)

    async def send_profile(self) -> None:
        """Send the new events of this runtime to the monitor."""
        events = self.request_profile(self._own)
        await self._comms.call(MONITOR, "recv_profile", {"profiler_update": events}, reply=True)

    async def collect(self, members: Iterable[str]) -> None:
        """Fetch the new events of members. Those that do not answer in time are left out."""
        await asyncio.gather(*(self._fetch(uid) for uid in members))

    async def _fetch(self, uid: str) -> None:
        request = self._comms.call(uid, "request_profile", {}, reply=True)
        try:
            events = await asyncio.wait_for(request, PATIENCE)
        except (asyncio.TimeoutError, RuntimeDisconnectedError):
            return
        assert isinstance(events, list)
        self.recv_profile(uid, events)
