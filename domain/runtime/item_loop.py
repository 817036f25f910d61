"""The items of a parallel loop: which of them starts when, and how the loop ends.

Events in, instructions out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from domain.runtime.task_errors import TaskError
from domain.runtime.worker_lending import WorkerShare

MOST_REPETITIONS: Final = 3
"""How often an item whose worker is lost runs again."""


@dataclass(frozen=True, slots=True)
class StartItem:
    """Run an item with a worker."""

    item: int
    worker: str


@dataclass(frozen=True, slots=True)
class CancelItem:
    """Cancel an item."""

    item: int


@dataclass(frozen=True, slots=True)
class EndLoop:
    """The loop is over; `error` is what it raises, if it failed."""

    error: BaseException | None


Instruction = StartItem | CancelItem | EndLoop


class ItemLoop:
    """Decides which items of a loop run.

    Args:
        share: The workers that it may borrow.
        take: Takes the next item, and returns whether there was one. It may raise an exception.
        most_results: The number of done items at which the loop ends; None for all of them.
        is_safe: Whether an item whose worker is lost runs again.
        is_open: Whether workers may join.
    """

    def __init__(
        self,
        share: WorkerShare,
        *,
        take: Callable[[], bool],
        most_results: int | None = None,
        is_safe: bool = True,
        is_open: bool = False,
    ) -> None:
        self._share = share
        self._take = take
        self._most_results = most_results
        self._is_safe = is_safe
        self._is_open = is_open
        self._is_over = False
        self._is_exhausted = False
        self._taken = 0
        self._waiting: deque[int] = deque()
        self._repetitions: dict[int, int] = {}
        self._running: dict[int, str] = {}
        self._done: list[int] = []

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._is_over

    @property
    def done_items(self) -> tuple[int, ...]:
        """The items that are done, in the order in which they ended."""
        return tuple(self._done)

    def fill(self) -> list[Instruction]:
        """Start items as long as there are free workers, or end the loop if all are done.

        Call it at the beginning, and after each other event, as soon as the loop's turn to borrow
        workers has come.
        """
        instructions: list[Instruction] = []
        try:
            while (worker := self._next_worker()) is not None and self._has_next():
                item = self._waiting.popleft()
                self._running[item] = worker
                self._share.borrow(worker)
                instructions.append(StartItem(item, worker))
        except Exception as error:  # noqa: BLE001 - the loop raises it
            return [*instructions, *self.stop(error)]
        return [*instructions, *self._check_end()]

    def done(self, item: int) -> list[Instruction]:
        """Record that an item is done."""
        if not self._leave(item):
            return []
        self._done.append(item)
        return self.stop(None) if len(self._done) == self._most_results else []

    def failed(self, item: int, error: BaseException) -> list[Instruction]:
        """Record that an item raised an exception."""
        return self.stop(error) if self._leave(item) else []

    def lost(self, item: int, error: BaseException) -> list[Instruction]:
        """Record that an item raised an exception after its worker was lost."""
        if not self._leave(item):
            return []
        repetitions = self._repetitions.get(item, 0) + 1
        if not self._is_safe or repetitions > MOST_REPETITIONS:
            return self.stop(error)
        self._repetitions[item] = repetitions
        self._waiting.append(item)
        return []

    def worker_joined(self, worker: str) -> None:
        """Add a worker, if workers may join."""
        if self._is_open:
            self._share.add_worker(worker)

    def worker_left(self, worker: str) -> None:
        """Remove a worker. An item that has it goes on until it notices."""
        self._share.remove_worker(worker)

    def close(self) -> None:
        """Record that no worker will join."""
        self._is_open = False

    def stop(self, error: BaseException | None) -> list[Instruction]:
        """End the loop, and cancel the items that still run."""
        if self._is_over:
            return []
        self._is_over = True
        return [*(CancelItem(item) for item in self._running), EndLoop(error)]

    def _next_worker(self) -> str | None:
        if self._is_over or self._most_results == 0:
            return None
        return self._share.free()

    def _has_next(self) -> bool:
        if not self._waiting and not self._is_exhausted:
            if self._take():
                self._waiting.append(self._taken)
                self._taken += 1
            else:
                self._is_exhausted = True
        return bool(self._waiting)

    def _leave(self, item: int) -> bool:
        """Return whether an item still counted, and take its worker back."""
        if self._is_over:
            return False
        self._share.give_back(self._running.pop(item))
        return True

    def _check_end(self) -> list[Instruction]:
        if self._is_over or self._running:
            return []
        if self._most_results == 0:
            return self.stop(None)
        try:
            is_left = self._has_next()
        except Exception as error:  # noqa: BLE001 - the loop raises it
            return self.stop(error)
        if not is_left:
            return self.stop(None)
        if self._share.has_workers or self._is_open:
            return []
        return self.stop(TaskError("No worker is left for the other items of a loop"))
