"""A worker without a thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar, final

from typing_extensions import override

from application.interfaces.worker import Worker

Result = TypeVar("Result")


@final
class InlineWorker(Worker):
    """Runs functions on the caller's thread: immediately, or in `work_off`.

    Args:
        is_busy: Whether to queue functions until `work_off` is called.
    """

    def __init__(self, *, is_busy: bool = False) -> None:
        self.is_busy = is_busy
        """Whether to queue functions until `work_off` is called; may be changed."""
        self._jobs: deque[Callable[[], None]] = deque()
        self._is_closed = False

    @override
    def run(
        self,
        work: Callable[[], Result],
        *,
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        def job() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - passed on to the caller
                failed(error)
            else:
                done(result)

        if self._is_closed:
            return
        if self.is_busy:
            self._jobs.append(job)
        else:
            job()

    def work_off(self) -> None:
        """Run all queued functions, including those that they add."""
        while self._jobs:
            self._jobs.popleft()()

    @override
    def close(self) -> None:
        self._is_closed = True
        self._jobs.clear()
