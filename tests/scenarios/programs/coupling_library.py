"""The coupling library that a scenario's program runs with: MUSCLE3's or Conjoin's.

``MODEL_LIBRARY`` selects it, so that exactly the same programs run with both.
"""

import os

if os.environ.get("MODEL_LIBRARY", "libmuscle") == "conjoin":
    from entrypoints.instance import (
        DONT_APPLY_OVERLAY,
        KEEPS_NO_STATE_FOR_NEXT_USE,
        STATE_NOT_REQUIRED_FOR_NEXT_USE,
        USES_CHECKPOINT_API,
        Grid,
        Instance,
        InstanceFlags,
        Message,
        Operator,
        Settings,
    )
else:
    from libmuscle import (
        DONT_APPLY_OVERLAY,
        KEEPS_NO_STATE_FOR_NEXT_USE,
        STATE_NOT_REQUIRED_FOR_NEXT_USE,
        USES_CHECKPOINT_API,
        Grid,
        Instance,
        InstanceFlags,
        Message,
    )
    from ymmsl import Operator, Settings

__all__ = [
    "DONT_APPLY_OVERLAY",
    "KEEPS_NO_STATE_FOR_NEXT_USE",
    "STATE_NOT_REQUIRED_FOR_NEXT_USE",
    "USES_CHECKPOINT_API",
    "Grid",
    "Instance",
    "InstanceFlags",
    "Message",
    "Operator",
    "Settings",
]
