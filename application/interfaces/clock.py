"""Time."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    @abstractmethod
    def time(self) -> float:
        """Return the time in seconds since the Unix epoch."""

    @abstractmethod
    def time_ns(self) -> int:
        """Return the time in nanoseconds since the Unix epoch."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds since some fixed moment; never goes back."""


class Timer(Protocol):
    """A call that is to be made later."""

    @abstractmethod
    def cancel(self) -> None:
        """Do not make the call, if it has not been made yet."""


class Scheduler(Protocol):
    """Makes calls later, on the thread on which the manager's services live."""

    @abstractmethod
    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after a number of seconds. Only to be used on the services' own thread."""

    @abstractmethod
    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call back as soon as possible. May be used from any thread."""
