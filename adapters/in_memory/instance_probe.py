"""Instances of which it is said whether they are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from application.interfaces.clock import Scheduler
from application.interfaces.instance_probe import InstanceProbe
from domain.running.presence import Presence


@final
class InMemoryInstanceProbe(InstanceProbe):
    """Finds what it was told.

    Args:
        scheduler: Makes the calls.

    Attributes:
        presence: What there is at each location; where nothing is said, nobody knows.
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
        """There is nothing to let go of."""
