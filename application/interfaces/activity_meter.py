"""Measures what programs on this machine are doing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol

from domain.running.activity import ProcessSample


class ActivityMeter(Protocol):
    """Samples the processes of programs. Thread-safe."""

    @abstractmethod
    def sample(self, programs: Mapping[str, int]) -> Mapping[str, ProcessSample]:
        """Return a sample of each program that runs; of none if the system does not support it.

        Args:
            programs: The process id of each program. Its descendants belong to it as well.
        """
