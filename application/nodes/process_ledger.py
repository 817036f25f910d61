"""Tracks which processes run on which node."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias, final

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Scheduler
from domain.running import log_sentences
from domain.running.process_end import ProcessEnd, ProcessResult

BATCH: Final = 20
"""Maximum number of process ends to report in one scheduled call."""

OnFinished: TypeAlias = Callable[[str, ProcessEnd], None]


@final
class ProcessLedger:
    """Tracks processes by name, and reports the end of each exactly once.

    Args:
        scheduler: Schedules callbacks.
        log: The manager's log.
    """

    def __init__(self, *, scheduler: Scheduler, log: FilteringBoundLogger) -> None:
        self._scheduler = scheduler
        self._log = log
        self._listeners: list[OnFinished] = []
        self._nodes: dict[str, str] = {}
        self._finished: list[tuple[str, ProcessEnd]] = []
        self._ended: deque[ProcessResult] = deque()

    def on_finished(self, listener: OnFinished) -> None:
        """Call back with the name of each process that ends and how it ended."""
        self._listeners.append(listener)

    def add(self, process: str, *, node: str) -> None:
        """Record that a process is started on a node.

        Raises:
            ValueError: If a process with that name is running.
        """
        if process in self._nodes:
            msg = f"a process named '{process}' is running already"
            raise ValueError(msg)
        self._nodes[process] = node

    def end(self, process: str, end: ProcessEnd) -> None:
        """Report that a process has ended; does nothing if it is not running."""
        if self._nodes.pop(process, None) is None:
            return
        self._log.info(log_sentences.exited(process, end))
        self._finished.append((process, end))
        for listener in self._listeners:
            listener(process, end)

    def end_all(self, results: Sequence[ProcessResult]) -> None:
        """Report that processes have ended: one batch now, further ones in scheduled calls."""
        is_reporting = bool(self._ended)
        self._ended.extend(results)
        if not is_reporting:
            self._report_batch()

    def flush(self) -> None:
        """Report all ends that have been passed to `end_all`."""
        while self._ended:
            self._report_next()

    def end_soon(self, process: str, end: ProcessEnd) -> None:
        """Schedule the report of a process's end, so that callbacks do not re-enter the caller."""
        self._scheduler.call_soon(partial(self.end, process, end))

    def node_of(self, process: str) -> str | None:
        """Return the node on which a process runs; None if it does not run."""
        return self._nodes.get(process)

    def running_on(self, node: str) -> list[str]:
        """Return the names of the processes that run on a node, sorted. Thread-safe."""
        return sorted(process for process, where in list(self._nodes.items()) if where == node)

    def take_finished(self) -> list[tuple[str, ProcessEnd]]:
        """Return how processes have ended since the last call, by name."""
        finished, self._finished = self._finished, []
        return finished

    def _report_batch(self) -> None:
        for _ in range(min(BATCH, len(self._ended))):
            self._report_next()
        if self._ended:
            self._scheduler.call_soon(self._report_batch)

    def _report_next(self) -> None:
        result = self._ended.popleft()
        self.end(result.name, result.end)
