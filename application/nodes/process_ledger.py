"""Which processes run where."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, final

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Scheduler
from domain.running.process_end import ProcessEnd

OnFinished: TypeAlias = Callable[[str, ProcessEnd], None]


@final
class ProcessLedger:
    """Keeps track of the processes by name, and reports the end of each exactly once.

    Args:
        scheduler: Calls back later.
        log: The manager's log.
    """

    def __init__(self, *, scheduler: Scheduler, log: FilteringBoundLogger) -> None:
        self._scheduler = scheduler
        self._log = log
        self._listeners: list[OnFinished] = []
        self._nodes: dict[str, str] = {}
        self._finished: list[tuple[str, ProcessEnd]] = []

    def on_finished(self, listener: OnFinished) -> None:
        """Call back with the name of each process that ends, and how it ended."""
        self._listeners.append(listener)

    def add(self, process: str, *, node: str) -> None:
        """Note that a process is started on a node.

        Raises:
            ValueError: If a process of that name is running.
        """
        if process in self._nodes:
            msg = f"a process named '{process}' is running already"
            raise ValueError(msg)
        self._nodes[process] = node

    def end(self, process: str, end: ProcessEnd) -> None:
        """Report that a process has ended; does nothing if it is not running."""
        node = self._nodes.pop(process, None)
        if node is None:
            return
        self._log.info("process ended", name=process, how=str(end), node=node)
        self._finished.append((process, end))
        for listener in self._listeners:
            listener(process, end)

    def end_soon(self, process: str, end: ProcessEnd) -> None:
        """Report the end of a process later, so that the caller is not called back meanwhile."""
        self._scheduler.call_soon(partial(self.end, process, end))

    def running_on(self, node: str) -> list[str]:
        """Return the names of the processes that run on a node, sorted."""
        return sorted(process for process, where in self._nodes.items() if where == node)

    def take_finished(self) -> list[tuple[str, ProcessEnd]]:
        """Return the processes that have ended since the last call, by name, and how."""
        finished, self._finished = self._finished, []
        return finished
