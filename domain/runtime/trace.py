"""The profile of a run: what happened when, as a trace for Perfetto or Chrome."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

MICROSECONDS: Final = 1_000_000


class TraceEvent(NamedTuple):
    """Something that took time.

    A named tuple, because thousands of them are pickled at a time.

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
        self._texts: dict[str, str] = {}

    def entries(self, events: Iterable[TraceEvent]) -> Iterator[str]:
        """Return the JSON of each entry: of the events, and of the new names in them."""
        for event in events:
            yield from self._new_names(event)
            # Formatted by hand, because there are several events for each task.
            text = self._text(event.name), self._text(event.category)
            start, duration = event.start * MICROSECONDS, event.duration * MICROSECONDS
            process, row = self._processes[event.member], self._rows[event.member, event.row]
            size = f', "args": {{"bytes": {event.size}}}' if event.size else ""
            yield (
                f'{{"name": {text[0]}, "cat": {text[1]}, "ph": "X", "ts": {start:.1f},'
                f' "dur": {duration:.1f}, "pid": {process}, "tid": {row}{size}}}'
            )

    def _text(self, text: str) -> str:
        """Return a text as JSON."""
        found = self._texts.get(text)
        if found is None:
            found = self._texts[text] = json.dumps(text)
        return found

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
