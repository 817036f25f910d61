"""Slow work, apart from the thread on which the manager's services live."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Worker(Protocol):
    """Does slow work in the background: writes files, starts agents, plans.

    Services hand it functions that touch nothing of theirs but what is thread-safe or immutable.
    """

    @abstractmethod
    def run(
        self,
        work: Callable[[], Result],
        *,
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Do some work, and pass its result on to the services' thread.

        Work is done one piece at a time, in the order of the calls, and so are the callbacks, of
        which exactly one is called for each piece. This may happen before `run` returns.

        Args:
            work: What to do; called on a thread of the worker's.
            done: Called with the result.
            failed: Called with the exception that the work raised.
        """

    @abstractmethod
    def close(self) -> None:
        """Wait for the work in progress, and drop what has not begun.

        Afterwards `run` does nothing. Callbacks that are pending may never be called.
        """
