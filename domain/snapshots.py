"""Snapshots, as the manager hears of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class SnapshotMetadata(NamedTuple):
    """What an instance tells the manager about a snapshot it made.

    Attributes:
        triggers: Why it was made, one text per rule.
        wallclock_time: When, in seconds since the start of the run.
        timestamp: Simulation time of the saved state.
        next_timestamp: Simulation time of the next one, if known.
        port_message_counts: Messages passed so far, for each port and slot.
        is_final_snapshot: Whether it was made at the end of a reuse loop.
        snapshot_filename: Where it is.
    """

    triggers: tuple[str, ...]
    wallclock_time: float
    timestamp: float
    next_timestamp: float | None
    port_message_counts: Mapping[str, tuple[int, ...]]
    is_final_snapshot: bool
    snapshot_filename: str
