"""Threads on which the methods of actors run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class TaskThreads(Protocol):
    """Runs functions that may block, each on a thread that no other function uses meanwhile."""

    @abstractmethod
    def run(self, function: Callable[[], Result]) -> Awaitable[Result]:
        """Run a function, in the caller's context variables, and return its result at the await.

        Called on the thread of the event loop. The function starts at once, whether or not it is
        awaited, and runs to its end, also if the await is cancelled.
        """

    @abstractmethod
    def run_series(
        self, step: Callable[[], tuple[Result, bool]], done: Callable[[Result, bool], None]
    ) -> None:
        """Run a function several times, one after the other on one thread.

        Called on the thread of the event loop. Each run has its own copy of the caller's context
        variables.

        Args:
            step: Returns a result, and whether it must run again. It must not raise an exception.
            done: Called with both, for each run in order, soon, on the loop's thread.
        """

    @abstractmethod
    def new_lock(self) -> AbstractContextManager[object]:
        """Return a lock for what functions share with the event loop."""

    @abstractmethod
    def close(self) -> None:
        """End all threads that are idle, and the others as soon as their function returns."""
