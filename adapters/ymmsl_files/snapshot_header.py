"""Facts about a workflow snapshot, in comment lines at the beginning of a yMMSL file.

The yMMSL format has no keys for them, and MUSCLE3 ignores comments. Each value is JSON:

    # checksum: 60d881d1d75e2edf18dfc2e43f10afce
    # model: "reactor"
    # taken: "2026-11-20 22:48:39+01:00"
    # from_scratch: ["mixer", "probe[3]"]

`adapters.ymmsl_files.checksum` handles the checksum, which covers everything after its line.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from domain.model.configuration import ResumeOrigin

_MODEL: Final = "model"
_TAKEN: Final = "taken"
_FROM_SCRATCH: Final = "from_scratch"
_LINE: Final = re.compile(rf"^# ({_MODEL}|{_TAKEN}|{_FROM_SCRATCH}): (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SnapshotHeader:
    """The information about a workflow snapshot in the comment lines of its file.

    Attributes:
        origin: The model, and the instances that start from scratch; None if missing.
        taken: When it was taken, in ISO 8601 format; empty if missing.
    """

    origin: ResumeOrigin | None = None
    taken: str = ""


def dump_header(header: SnapshotHeader) -> str:
    """Return the comment lines for a header."""
    values: dict[str, object] = {}
    if header.origin is not None:
        values[_MODEL] = header.origin.model
    if header.taken:
        values[_TAKEN] = header.taken
    if header.origin is not None:
        values[_FROM_SCRATCH] = sorted(header.origin.from_scratch)
    return "".join(
        f"# {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items()
    )


def load_header(text: str) -> SnapshotHeader:
    """Return the header of a file.

    All other comment lines are ignored, including invalid ones.
    """
    values = dict(map(_parsed, _LINE.finditer(text)))
    model, names = values.get(_MODEL), values.get(_FROM_SCRATCH)
    taken = values.get(_TAKEN)
    origin = None
    if isinstance(model, str) or isinstance(names, list):
        origin = ResumeOrigin(
            model if isinstance(model, str) else "",
            frozenset(map(str, names)) if isinstance(names, list) else frozenset(),
        )
    return SnapshotHeader(origin, taken if isinstance(taken, str) else "")


def _parsed(line: re.Match[str]) -> tuple[str, object]:
    try:
        return line[1], json.loads(line[2])
    except (ValueError, RecursionError):
        return line[1], None
