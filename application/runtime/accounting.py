"""Accounts for the memory, CPU time and tasks of a runtime."""

from __future__ import annotations

from application.interfaces.own_process import OwnProcess


class Accounting:
    """Counts the memory and the tasks of one runtime. No counter falls below 0.

    Args:
        own_process: Measures the process.
    """

    def __init__(self, *, own_process: OwnProcess) -> None:
        self._own_process = own_process
        self._committed = 0
        self._pending = 0
        self._running = 0

    @property
    def ps_process(self) -> object:
        """Psutil's Process of this process."""
        return self._own_process.process

    @property
    def committed(self) -> int:
        """The bytes that are promised to tasks."""
        return self._committed

    @property
    def pending(self) -> int:
        """The number of tasks that wait."""
        return self._pending

    @property
    def running(self) -> int:
        """The number of tasks that run."""
        return self._running

    def cpu_load(self) -> float:
        """Return the CPU time since the last call, in % of one core; 0 at the first call."""
        return self._own_process.cpu_load()

    def memory_limit(self) -> int:
        """Return the bytes of memory that this runtime may use."""
        return self._own_process.memory_limit()

    def fits_in_memory(self, nbytes: int) -> bool:
        """Return whether so many bytes fit in beside those that are used and committed."""
        return self._own_process.rss() + self._committed + nbytes < self.memory_limit()

    def inc_committed_mem(self, nbytes: int) -> None:
        """Commit bytes."""
        self._committed = max(0, self._committed + nbytes)

    def dec_committed_mem(self, nbytes: int) -> None:
        """Commit less bytes."""
        self._committed = max(0, self._committed - nbytes)

    def inc_pending_tasks(self) -> None:
        """Count a task that waits."""
        self._pending += 1

    def dec_pending_tasks(self) -> None:
        """Count a task less that waits."""
        self._pending = max(0, self._pending - 1)

    def inc_running_tasks(self) -> None:
        """Count a task that runs."""
        self._running += 1

    def dec_running_tasks(self) -> None:
        """Count a task less that runs."""
        self._running = max(0, self._running - 1)
