"""Looks for the programs of instances that have lost their connection."""

from __future__ import annotations

from collections.abc import Callable

from application.interfaces.instance_probe import InstanceProbe
from application.manager.registration import InstanceRegistry
from domain.identity import Reference
from domain.running.presence import Presence


class ConnectionWatch:
    """Finds out whether the program of an instance still runs.

    Which instances are looked for, and when, is in `domain/running/run_state/lost_connections.py`.

    Args:
        registry: Knows where each instance can be reached.
        probe: Looks for it there.
    """

    def __init__(self, *, registry: InstanceRegistry, probe: InstanceProbe) -> None:
        self._registry = registry
        self._probe = probe

    def look_for(self, instance: str, found: Callable[[Presence], None]) -> None:
        """Look for the program of a registered instance.

        Args:
            instance: Its name.
            found: Called with the result, later or before this returns.
        """
        self._probe.look(self._registry.locations(Reference(instance)), found)
