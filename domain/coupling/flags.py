"""What a model says about itself."""

from __future__ import annotations

from enum import Flag, auto


class InstanceFlags(Flag):
    """What a model says about itself when it makes its Instance."""

    DONT_APPLY_OVERLAY = auto()
    """Leave the overlays of F_INIT messages to `receive_with_settings`."""
    USES_CHECKPOINT_API = auto()
    """The model saves and loads its state."""
    KEEPS_NO_STATE_FOR_NEXT_USE = auto()
    """The model remembers nothing from one pass of the reuse loop to the next."""
    STATE_NOT_REQUIRED_FOR_NEXT_USE = auto()
    """The model can do without what it remembers."""
