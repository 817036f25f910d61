"""The information about a run that every display shows."""

from __future__ import annotations

import math
import signal
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from domain.coupling.messages import LogRecord, Wait
from domain.coupling.ports import port_label
from domain.running.events import (
    DeadlockFound,
    InstanceStarted,
    InstanceState,
    InstanceStatus,
    LogRecorded,
    NodeChanged,
    RunEvent,
    SnapshotFailed,
    StatusChanged,
    StopRequested,
)
from domain.running.log_levels import LogLevel, level_name
from domain.running.nodes import NodeStatus
from domain.running.process_end import Exited, Killed, ProcessEnd

_MOST_LINES_KEPT = 200
_MOST_LINES_SHOWN = 20
_LONGEST_LINE = 400


class Overview:
    """Keeps the last status of each instance and node, and lines about notable events.

    One thread writes events and another one reads them for display. Neither waits for the other:
    each step is a single operation on a dict or a deque.

    Args:
        instances: All instances of the run, in order.
    """

    def __init__(self, instances: Sequence[str]) -> None:
        self._statuses = {
            instance: InstanceStatus(instance, InstanceState.WAITING_TO_START, 0.0)
            for instance in instances
        }
        self._nodes: dict[str, NodeStatus] = {}
        self._lines: deque[str] = deque(maxlen=_MOST_LINES_KEPT)

    def note(self, event: RunEvent) -> None:
        """Record an event."""
        if isinstance(event, StatusChanged):
            self._note_status(event.status)
        elif isinstance(event, InstanceStarted):
            self._note_node(event)
        elif isinstance(event, NodeChanged):
            self._note_node_status(event.status)
        elif isinstance(event, LogRecorded):
            self._note_record(event.record)
        elif isinstance(event, DeadlockFound):
            chain = "; ".join(
                f"{wait.instance} waits for {wait_text(wait)}" for wait in event.cycle
            )
            self._lines.append(f"Deadlock: {chain}")
        elif isinstance(event, StopRequested):
            self._lines.append(_stop_text(event))
        elif isinstance(event, SnapshotFailed) and not event.instance:
            self._lines.append(f"A workflow snapshot could not be written: {event.problem}")

    def statuses(self) -> list[InstanceStatus]:
        """Return the status of each instance."""
        return list(self._statuses.values())

    def nodes(self) -> list[NodeStatus]:
        """Return the last status of each node; the instances are those of the statuses."""
        return list(self._nodes.values())

    def take_lines(self) -> list[str]:
        """Return the lines added since the last call; only the last ones if there are many."""
        lines = []
        while self._lines:
            lines.append(printable(self._lines.popleft())[:_LONGEST_LINE])
        if len(lines) > _MOST_LINES_SHOWN:
            return ["... (more in the log of the run)", *lines[-_MOST_LINES_SHOWN:]]
        return lines

    def _note_status(self, status: InstanceStatus) -> None:
        old = self._statuses.get(status.instance)
        self._statuses[status.instance] = status
        if old is not None and old.state is status.state:
            return
        if status.state is InstanceState.FAILED:
            self._lines.append(f"{status.instance} failed{_end_text(status.end)}")
        elif status.state is InstanceState.DISCONNECTED:
            self._lines.append(f"{status.instance} has lost its connection to the manager")

    def _note_node(self, event: InstanceStarted) -> None:
        status = self._statuses.get(event.instance)
        if status is not None:
            self._statuses[event.instance] = replace(status, node=event.node)

    def _note_node_status(self, status: NodeStatus) -> None:
        old = self._nodes.get(status.node)
        self._nodes[status.node] = status
        if status.loss and not (old and old.loss):
            self._lines.append(status.loss)

    def _note_record(self, record: LogRecord) -> None:
        if LogLevel.WARNING <= record.level < LogLevel.DISABLE:
            level = level_name(record.level, default=LogLevel.WARNING).lower()
            self._lines.append(f"{record.instance} ({level}): {record.text}")


def summary(statuses: Iterable[InstanceStatus]) -> str:
    """Return how many instances are in each state, such as `3 running, 1 waiting`."""
    counts = Counter(status.state for status in statuses)
    return ", ".join(f"{counts[state]} {state.value}" for state in InstanceState if counts[state])


def time_span(statuses: Iterable[InstanceStatus]) -> str:
    """Return the simulated time of the instances: one value, or a range."""
    times = [
        status.simulated_time
        for status in statuses
        if status.simulated_time is not None and math.isfinite(status.simulated_time)
    ]
    if not times:
        return ""
    least, most = f"{min(times):g}", f"{max(times):g}"
    return least if least == most else f"{least} to {most}"


def wait_text(wait: Wait) -> str:
    """Return the peer and port that an instance waits for, such as `micro on port state_in[3]`."""
    room = "room to send to " if wait.is_sending else ""
    return printable(f"{room}{wait.peer} on port {port_label(wait.port, wait.slot)}")


def printable(text: str) -> str:
    """Return a text on one line, without terminal control characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def _stop_text(event: StopRequested) -> str:
    if event.cannot_save:
        names = ", ".join(event.cannot_save)
        return f"{event.reason} Nothing is saved: MUSCLE3's instances cannot be asked: {names}"
    return f"{event.reason} All instances save, for up to {event.save_time:g} s."


def _end_text(end: ProcessEnd | None) -> str:
    match end:
        case None:
            return ""
        case Exited(code):
            return f": it ended with exit code {code}"
        case Killed(number):
            return f": it was ended by {_signal_text(number)}"
    return f": it {end}"


def _signal_text(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
