"""Finds out what the programs that the user started on this machine are doing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from application.interfaces.activity_meter import ActivityMeter
from application.interfaces.clock import Scheduler, Timer
from application.interfaces.worker import Worker
from domain.running.activity import Activity, ActivityTracker, ProcessSample

SAMPLE_INTERVAL: Final = 2.0
"""Seconds between two samples of the programs."""


class ProgramActivity:
    """Samples the programs that the user started, while there are any. Agents sample the others.

    Args:
        meter: Samples processes.
        programs: Returns the process id of each program.
        worker: Reads files, which may be slow.
        scheduler: Measures the time.
        on_changed: Called with each activity that has changed.
    """

    def __init__(
        self,
        *,
        meter: ActivityMeter,
        programs: Callable[[], Mapping[str, int]],
        worker: Worker,
        scheduler: Scheduler,
        on_changed: Callable[[Mapping[str, Activity]], None],
    ) -> None:
        self._meter = meter
        self._programs = programs
        self._worker = worker
        self._scheduler = scheduler
        self._on_changed = on_changed
        self._tracker = ActivityTracker()
        self._timer: Timer | None = None

    def start(self) -> None:
        """Start to sample, if that has not been started."""
        if self._timer is None:
            self._timer = self._scheduler.call_later(SAMPLE_INTERVAL, self._sample)

    def _sample(self) -> None:
        programs = dict(self._programs())
        if not programs:
            self._timer = None
            return
        self._timer = self._scheduler.call_later(SAMPLE_INTERVAL, self._sample)
        self._worker.run(
            lambda: self._meter.sample(programs), done=self._compare, failed=lambda _error: None
        )

    def _compare(self, samples: Mapping[str, ProcessSample]) -> None:
        changes = self._tracker.add(samples)
        if changes:
            self._on_changed(changes)
