"""The profile of a run: what happened when, as a trace for Perfetto or Chrome."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """Something that took time.

    Attributes:
        name: What: the name of a task, `put`, `get`, `spill`, `wait`.
        category: `task`, `transfer`, `spill` or `wait`.
        member: Uid of the runtime.
        start: When it began, in seconds since the epoch.
        duration: Its seconds.
        row: The row of the trace in which it appears, such as that of an actor.
        size: Number of bytes; 0 for none.
    """

    name: str
    category: str
    member: str
    start: float
    duration: float
    row: str = ""
    size: int = 0


class Trace:
    """Makes the entries of a trace file, with a process for each member and a thread for each row.

    The format is the JSON array of Chrome's trace events.
    """

    def __init__(self) -> None:
        self._processes: dict[str, int] = {}
        self._rows: dict[tuple[str, str], int] = {}

    def entries(self, events: Iterable[TraceEvent]) -> Iterator[str]:
        """Return the JSON of each entry: of the events, and of the new names in them."""
        for event in events:
            yield from self._new_names(event)
            entry: dict[str, object] = {
                "name": event.name,
                "cat": event.category,
                "ph": "X",
                "ts": round(event.start * MICROSECONDS, 1),
                "dur": round(event.duration * MICROSECONDS, 1),
                "pid": self._processes[event.member],
                "tid": self._rows[event.member, event.row],
            }
            if event.size:
                entry["args"] = {"bytes": event.size}
            yield json.dumps(entry)

    def _new_names(self, event: TraceEvent) -> Iterator[str]:
        if event.member not in self._processes:
            self._processes[event.member] = len(self._processes) + 1
            yield _name("process_name", self._processes[event.member], 0, event.member)
        key = event.member, event.row
        if key not in self._rows:
            self._rows[key] = len(self._rows) + 1
            pid = self._processes[event.member]
            yield _name("thread_name", pid, self._rows[key], event.row or event.member)


def _name(kind: str, pid: int, tid: int, name: str) -> str:
    return json.dumps({"name": kind, "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}})
