"""Threads on which the methods of actors run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable
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
    def close(self) -> None:
        """End all threads that are idle, and the others as soon as their function returns."""
