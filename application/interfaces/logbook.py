"""The log of a run, and the subscribers to its events."""

from abc import abstractmethod
from typing import Protocol

from domain.coupling.messages import LogRecord
from domain.running.events import RunEvent


class Logbook(Protocol):
    """Stores what the manager and the instances log."""

    @abstractmethod
    def write(self, record: LogRecord) -> None:
        """Add a record. Does not block for long; drops a record it cannot store."""

    @abstractmethod
    def tail(self, *, lines: int) -> str:
        """Return the last lines written."""

    @abstractmethod
    def close(self) -> None:
        """Flush pending records and close the file."""


class EventSink(Protocol):
    """Subscribes to the events of a run."""

    @abstractmethod
    def notify(self, event: RunEvent) -> None:
        """Handle an event. Must neither block nor raise."""
