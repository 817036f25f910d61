"""Flags with which a model describes itself."""

from __future__ import annotations

from enum import Flag, auto


class InstanceFlags(Flag):
    """Flags that a model passes when it creates its Instance."""

    DONT_APPLY_OVERLAY = auto()
    """Leave the overlays of F_INIT messages to `receive_with_settings`."""
    USES_CHECKPOINT_API = auto()
    """The model saves and loads its state."""
    KEEPS_NO_STATE_FOR_NEXT_USE = auto()
    """The model keeps no state between passes of the reuse loop."""
    STATE_NOT_REQUIRED_FOR_NEXT_USE = auto()
    """The model keeps state between passes, but works correctly without it."""
    SKIP_MMSF_SEQUENCE_CHECKS = auto()
    """The model sends and receives in an unusual order, as MUSCLE3 0.10 allowed."""
