"""Time."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Provides the current time."""

    @abstractmethod
    def time(self) -> float:
        """Return the time in seconds since the Unix epoch."""

    @abstractmethod
    def time_ns(self) -> int:
        """Return the time in nanoseconds since the Unix epoch."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return the seconds since an arbitrary fixed time. Monotonic: it never decreases."""


class Timer(Protocol):
    """A scheduled call."""

    @abstractmethod
    def cancel(self) -> None:
        """Cancel the call. Does nothing if it has been made already."""


class Scheduler(Protocol):
    """Schedules calls on the thread of the manager's services."""

    @abstractmethod
    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after a number of seconds. Must be called on the services' thread."""

    @abstractmethod
    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call back as soon as possible. Thread-safe."""
