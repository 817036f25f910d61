"""Names of the timers that the state machine of a run uses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class TimerKind(Enum):
    """What a timer limits."""

    PATIENCE = "patience"
    """How long to wait for the true cause of a failure, or for instances to leave."""
    SAVING = "saving"
    """How long instances may take to save before the run is stopped."""
    ALLOCATION = "allocation"
    """When the run has to begin to save, or to be over."""
    CONNECTION = "connection"
    """How long an instance has to reconnect before its program is looked for."""


@dataclass(frozen=True, slots=True)
class RunTimer:
    """A timer. Starting one again replaces it.

    Attributes:
        kind: What it limits.
        instance: The instance that it belongs to, if each instance has one.
    """

    kind: TimerKind
    instance: str = ""
