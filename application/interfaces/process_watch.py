"""Notices the end of processes that this program has not started."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

from domain.running.clients import Process


class ProcessWatch(Protocol):
    """Watches processes on this machine. For the thread of the manager's services only."""

    @abstractmethod
    def watch(self, process: Process, ended: Callable[[], None]) -> None:
        """Watch a process, if the system supports that.

        Args:
            process: The process.
            ended: Called once, on the thread of the manager's services, after the process has
                ended; soon, but not before this returns, if it has ended already.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop watching. Idempotent and thread-safe; pending callbacks may never be called."""
