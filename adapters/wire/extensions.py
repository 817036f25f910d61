"""The MessagePack extension codes of MUSCLE3's protocol and of ours.

Source of MUSCLE3's codes: observation of its wire protocol (version 0.11).
"""

from __future__ import annotations

from typing import Final

MILESTONE: Final = 0
SETTINGS: Final = 1
GRID_CODES: Final = {"int32": 2, "int64": 3, "float32": 4, "float64": 5, "bool": 6}
ARRAY: Final = 16
COMPLEX: Final = 17

ONLY_OURS: Final = (
    ", which MUSCLE3's protocol cannot represent; a program with Conjoin's library can receive it"
)
"""End of the message that explains why something cannot be sent to MUSCLE3."""
