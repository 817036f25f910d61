"""Checks whether the programs of instances that have lost their connection still run."""

from __future__ import annotations

from collections.abc import Callable

from application.interfaces.instance_probe import InstanceProbe
from application.manager.registration import InstanceRegistry
from domain.identity import Reference
from domain.running.presence import Presence


class ConnectionWatch:
    """Checks whether the program of an instance still runs.

    `domain/running/run_state/lost_connections.py` decides which instances to check, and when.

    Args:
        registry: Provides the locations of each instance.
        probe: Probes these locations.
    """

    def __init__(self, *, registry: InstanceRegistry, probe: InstanceProbe) -> None:
        self._registry = registry
        self._probe = probe

    def look_for(self, instance: str, found: Callable[[Presence], None]) -> None:
        """Check whether the program of a registered instance still runs.

        Args:
            instance: Name of the instance.
            found: Called with the result, later or before this returns.
        """
        self._probe.look(self._registry.locations(Reference(instance)), found)
