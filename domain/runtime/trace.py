"""The profile of a run: what happened when, as a trace for Perfetto or Chrome."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """Something that took time.

    Attributes:
        name: What: the name of a task, `put`, `get`, `spill`, `wait`.
        category: `task`, `transfer`, `spill` or `wait`.
        member: Uid of the runtime.
        start: When it began, in seconds since the epoch.
        duration: Its seconds.
        row: What it belongs to, such as an actor: one row in the trace.
    """

    name: str
    category: str
    member: str
    start: float
    duration: float
    row: str = ""


def as_trace(events: Iterable[TraceEvent]) -> str:
    """Return the text of a trace file, with a process for each member and a thread for each row."""
    processes: dict[str, int] = {}
    rows: dict[tuple[str, str], int] = {}
    entries: list[dict[str, object]] = []
    for event in events:
        pid = processes.setdefault(event.member, len(processes) + 1)
        row = rows.setdefault((event.member, event.row), len(rows) + 1)
        entries.append(
            {
                "name": event.name,
                "cat": event.category,
                "ph": "X",
                "ts": event.start * MICROSECONDS,
                "dur": event.duration * MICROSECONDS,
                "pid": pid,
                "tid": row,
            }
        )
    names = [_name("process_name", pid, 0, member) for member, pid in processes.items()]
    names += [
        _name("thread_name", processes[member], tid, row or member)
        for (member, row), tid in rows.items()
    ]
    return json.dumps({"traceEvents": names + entries})


def _name(kind: str, pid: int, tid: int, name: str) -> dict[str, object]:
    return {"name": kind, "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}
