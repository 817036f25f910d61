"""Counts of the messages that pass reducing filters, for snapshots."""

from __future__ import annotations

from collections.abc import Mapping

from domain.checkpointing.instance_snapshot import filled_port, reduced_port
from domain.coupling.filters import filters_of
from domain.coupling.peers import PeerInfo


class FilterCounts:
    """Counts what passes the reducing filters on the conduits of an instance, at either end.

    All counts start at 0: a snapshot in which one is missing cannot be resumed from.

    Args:
        peers: The conduits of the instance.
    """

    def __init__(self, peers: PeerInfo) -> None:
        self._counts: dict[tuple[str, int], int] = {
            (name(conduit), 0): 0
            for conduit in peers.conduits
            for name, component in (
                (reduced_port, conduit.sending_component),
                (filled_port, conduit.receiving_component),
            )
            if component == peers.component and filters_of(conduit).reduces
        }

    def increase(self, key: tuple[str, int]) -> None:
        """Count one more message.

        Args:
            key: The name, and the slot.
        """
        self._counts[key] = self._counts.get(key, 0) + 1

    def set_count(self, key: tuple[str, int], count: int) -> None:
        """Set a count.

        Args:
            key: The name, and the slot.
            count: The count.
        """
        self._counts[key] = count

    def state(self) -> dict[str, tuple[int, ...]]:
        """Return what a snapshot must save: the count of each slot, by name."""
        slots: dict[str, int] = {}
        for name, slot in self._counts:
            slots[name] = max(slots.get(name, 0), slot + 1)
        return {
            name: tuple(self._counts.get((name, slot), 0) for slot in range(count))
            for name, count in slots.items()
        }

    def restore(self, state: Mapping[str, tuple[int, ...]]) -> None:
        """Continue from a saved state."""
        for name, counts in state.items():
            self._counts.update({(name, slot): count for slot, count in enumerate(counts)})
