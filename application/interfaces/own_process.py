"""The resources that this process uses, and may use."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol


class OwnProcess(Protocol):
    """Measures this process."""

    @property
    @abstractmethod
    def process(self) -> object:
        """The `psutil.Process` of this process, or what stands for it; always the same object."""

    @abstractmethod
    def cpu_load(self) -> float:
        """Return the CPU time since the previous call, in % of one core; 0 at the first call."""

    @abstractmethod
    def rss(self) -> int:
        """Return the bytes of memory that it occupies."""

    @abstractmethod
    def memory_limit(self) -> int:
        """Return the bytes of memory that it may use."""
