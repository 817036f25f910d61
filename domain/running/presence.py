"""Whether the program of a disconnected instance still runs."""

from __future__ import annotations

from enum import Enum


class Presence(Enum):
    """The result of a probe for the program of an instance."""

    THERE = "there"
    """It listens at its address."""
    GONE = "gone"
    """Its machine can be reached, but no program listens there."""
    UNKNOWN = "unknown"
    """Its machine cannot be reached from here."""
