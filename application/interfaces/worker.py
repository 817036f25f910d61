"""Background work, off the thread of the manager's services."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Worker(Protocol):
    """Runs slow work in the background: writing files, starting agents, planning.

    Services pass it functions that use only thread-safe or immutable parts of their state.
    """

    @abstractmethod
    def run(
        self,
        work: Callable[[], Result],
        *,
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run a function, and pass its result to a callback on the services' thread.

        Functions run one at a time, in the order of the calls. So do the callbacks: exactly one
        for each function. They may be called before `run` returns.

        Args:
            work: The function; called on a worker thread.
            done: Called with its result.
            failed: Called with the exception that it raised.
        """

    @abstractmethod
    def close(self) -> None:
        """Wait for the function that is running, and drop those that are queued.

        Afterwards `run` does nothing. Pending callbacks may never be called.
        """
