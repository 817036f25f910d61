"""The log of a run, and those who watch it."""

from abc import abstractmethod
from typing import Protocol

from domain.coupling.messages import LogRecord
from domain.running.events import RunEvent


class Logbook(Protocol):
    """Keeps what the manager and the instances log."""

    @abstractmethod
    def write(self, record: LogRecord) -> None:
        """Add a record. Does not block for long; a record that cannot be kept is dropped."""

    @abstractmethod
    def tail(self, *, lines: int) -> str:
        """Return the last lines written."""

    @abstractmethod
    def close(self) -> None:
        """Write out what is left and give up the file."""


class EventSink(Protocol):
    """Somebody who watches a run."""

    @abstractmethod
    def notify(self, event: RunEvent) -> None:
        """Take note of an event. Returns at once; must not raise."""
