"""Samples of programs that a test provides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from application.interfaces.activity_meter import ActivityMeter
from domain.running.activity import ProcessSample


@final
class InMemoryActivityMeter(ActivityMeter):
    """Returns the samples in `samples`, by process id."""

    def __init__(self) -> None:
        self.samples: dict[int, ProcessSample] = {}

    def sample(self, programs: Mapping[str, int]) -> Mapping[str, ProcessSample]:
        return {name: self.samples[pid] for name, pid in programs.items() if pid in self.samples}
