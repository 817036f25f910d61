"""The log of an instance."""

from abc import abstractmethod
from typing import Protocol

from domain.running.log_levels import LogLevel


class InstanceLog(Protocol):
    """Logs the library's messages to the user of the model."""

    @abstractmethod
    def log(self, level: LogLevel, text: str) -> None:
        """Log a message. Never blocks, never raises."""

    @abstractmethod
    def set_levels(self, *, local: str, remote: str) -> None:
        """Set the minimum levels of the records to log locally and at the manager.

        Args:
            local: Name of the minimum level for the local log.
            remote: Name of the minimum level for records sent to the manager.

        Raises:
            ValueError: If a level is unknown.
        """
