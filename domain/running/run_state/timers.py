"""Names of the timers that the state machine of a run uses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class TimerKind(Enum):
    """The purpose of a timer."""

    PATIENCE = "patience"
    """Limits the wait for the true cause of a failure, or for instances to leave."""
    SAVING = "saving"
    """Limits the time that instances have to save before the run is stopped."""
    ALLOCATION = "allocation"
    """Fires when the run must begin to save, or must be over."""
    CONNECTION = "connection"
    """Limits the time that an instance has to reconnect before its program is probed."""


@dataclass(frozen=True, slots=True)
class RunTimer:
    """A timer. Starting one again replaces it.

    Attributes:
        kind: Its purpose.
        instance: The instance that it belongs to, if each instance has one.
    """

    kind: TimerKind
    instance: str = ""
