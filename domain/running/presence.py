"""Whether the program of an instance without a connection still runs."""

from __future__ import annotations

from enum import Enum


class Presence(Enum):
    """What a probe found out about the program of an instance."""

    THERE = "there"
    """It listens at its address."""
    GONE = "gone"
    """Its machine can be reached, and no program listens there."""
    UNKNOWN = "unknown"
    """Its machine cannot be reached from here."""
