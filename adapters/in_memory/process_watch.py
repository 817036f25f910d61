"""A watch over processes that a test ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from application.interfaces.clock import Scheduler
from application.interfaces.process_watch import ProcessWatch
from domain.running.clients import Process


@final
class InMemoryProcessWatch(ProcessWatch):
    """Watches processes until `end` is called.

    Args:
        scheduler: Makes the callbacks.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._watched: list[tuple[Process, Callable[[], None]]] = []
        self._ended: set[Process] = set()

    def end(self, process: Process) -> None:
        """End a process."""
        self._ended.add(process)
        for watched, ended in self._watched:
            if watched == process:
                self._scheduler.call_soon(ended)
        self._watched = [item for item in self._watched if item[0] != process]

    def watch(self, process: Process, ended: Callable[[], None]) -> None:
        if process in self._ended:
            self._scheduler.call_soon(ended)
        else:
            self._watched.append((process, ended))

    def close(self) -> None:
        self._watched.clear()
