"""An instance probe with predefined results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from application.interfaces.clock import Scheduler
from application.interfaces.instance_probe import InstanceProbe
from domain.running.presence import Presence


@final
class InMemoryInstanceProbe(InstanceProbe):
    """Returns predefined results.

    Args:
        scheduler: Schedules the callbacks.

    Attributes:
        presence: The result for each location; UNKNOWN for all others.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.presence: dict[str, Presence] = {}

    def look(self, locations: Sequence[str], found: Callable[[Presence], None]) -> None:
        seen = {self.presence.get(location, Presence.UNKNOWN) for location in locations}
        known = (presence for presence in (Presence.THERE, Presence.GONE) if presence in seen)
        presence = next(known, Presence.UNKNOWN)
        self._scheduler.call_soon(lambda: found(presence))

    def close(self) -> None:
        """Do nothing: no resources are held."""
