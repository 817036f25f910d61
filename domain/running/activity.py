"""Whether programs are doing something, by the CPU time and the states of their processes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

BUSY_TICKS: Final = 2
"""Fewest ticks of CPU time (of 10 ms) between two samples of a program that is doing something.

Threads that keep connections alive use less."""


class Activity(Enum):
    """The activity of a program. The values go on the wire."""

    BUSY = "busy"
    """It uses CPU time."""
    IDLE = "idle"
    """It uses no CPU time: it waits for something."""
    STOPPED = "stopped"
    """It was stopped by a signal or a debugger."""
    BLOCKED = "blocked"
    """It uses no CPU time, and is blocked in the kernel, such as by a file system."""


class ProcessSample(NamedTuple):
    """The processes of a program at a point in time.

    Attributes:
        ticks: Their CPU time, and that of their children that have ended.
        states: The state of each process, as a letter of /proc/PID/stat.
    """

    ticks: int
    states: str


class ActivityTracker:
    """Compares samples of the same programs, and finds the changes of their activity."""

    def __init__(self) -> None:
        self._ticks: dict[str, int] = {}
        self._activities: dict[str, Activity] = {}

    def add(self, samples: Mapping[str, ProcessSample]) -> dict[str, Activity]:
        """Add a sample of each program that runs; return the activities that have changed.

        A program is busy until two samples show something else.
        """
        changes: dict[str, Activity] = {}
        for name, sample in samples.items():
            activity = _judge(sample, self._ticks.get(name))
            if activity is not self._activities.get(name, Activity.BUSY):
                changes[name] = activity
            self._activities[name] = activity
        self._ticks = {name: sample.ticks for name, sample in samples.items()}
        for name in self._activities.keys() - samples.keys():
            del self._activities[name]
        return changes


def _judge(sample: ProcessSample, before: int | None) -> Activity:
    alive = set(sample.states) - set("ZX")
    if alive and alive <= set("Tt"):
        return Activity.STOPPED
    if before is None or sample.ticks - before >= BUSY_TICKS:
        return Activity.BUSY
    return Activity.BLOCKED if "D" in alive else Activity.IDLE
