"""The threads of the program of an instance."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import Protocol


class ModelThreads(Protocol):
    """Detects whether all threads of the model wait. Thread-safe."""

    @abstractmethod
    def note_use(self) -> None:
        """Record that the current thread uses the instance.

        This is fast, because each message calls it.
        """

    @abstractmethod
    def waiting(self) -> AbstractContextManager[object]:
        """Return a context in which the current thread waits for a peer.

        Enter it after the wait has been reported to the manager.
        """

    @abstractmethod
    def all_wait(self) -> bool:
        """Return whether all threads that may use the instance wait for peers, or for each other.

        A thread that computes or sleeps does not wait. In case of doubt, this returns False.
        """
