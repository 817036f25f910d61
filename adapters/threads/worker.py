"""A worker with a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TypeAlias, TypeVar, final

from typing_extensions import override

from application.interfaces.clock import Scheduler
from application.interfaces.worker import Worker

Result = TypeVar("Result")

_Job: TypeAlias = Callable[[], Callable[[], None]]
"""Does the work; returns a call that delivers the result."""


@final
class ThreadWorker(Worker):
    """Runs work on one thread, which starts lazily.

    Args:
        name: Name of the thread.
        scheduler: Makes the callbacks, on the services' thread.
        close_time: Seconds for which `close` waits for the work in progress, which may be blocked
            by a disk that does not respond; None for no limit.
    """

    def __init__(self, name: str, *, scheduler: Scheduler, close_time: float | None = None) -> None:
        self._name = name
        self._close_time = close_time
        self._scheduler = scheduler
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._is_closed = False

    @override
    def run(
        self,
        work: Callable[[], Result],
        *,
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        def job() -> Callable[[], None]:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - passed on to the caller
                return partial(failed, error)
            return partial(done, result)

        if self._is_closed:
            return
        if self._thread is None:
            self._thread = Thread(target=self._work_off, name=self._name, daemon=True)
            self._thread.start()
        self._jobs.put(job)

    @override
    def close(self) -> None:
        self._is_closed = True
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(self._close_time)

    def _work_off(self) -> None:
        while (job := self._jobs.get()) is not None and not self._is_closed:
            self._scheduler.call_soon(job())
