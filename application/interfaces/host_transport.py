"""Carries frames between the processes of a runtime on one machine."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol


class HostTransport(Protocol):
    """Connects a process with all others of its run. For one event loop's thread.

    Frames from one process to another arrive in order, and once. The transport does not detect
    that a process is gone, and queues frames for it until `forget`.
    """

    @abstractmethod
    def open(self, uid: str, receive: Callable[[str, bytes], None]) -> None:
        """Start to receive frames.

        Args:
            uid: The address of this process.
            receive: Called with the sender's uid and each frame.

        Raises:
            OSError: If the address cannot be used.
        """

    @abstractmethod
    def send(self, uid: str, frame: bytes) -> None:
        """Queue a frame for a process, which may start to receive later. Never blocks."""

    @abstractmethod
    def forget(self, uid: str) -> None:
        """Drop what is queued for a process that is gone."""

    @abstractmethod
    def close(self) -> None:
        """Send what is queued, for a limited time, and close all connections. Idempotent."""
