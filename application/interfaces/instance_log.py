"""What an instance has to say about itself."""

from abc import abstractmethod
from typing import Protocol

from domain.running.log_levels import LogLevel


class InstanceLog(Protocol):
    """Takes what the library wants to tell the model's user."""

    @abstractmethod
    def log(self, level: LogLevel, text: str) -> None:
        """Log a text. Never blocks, never raises."""

    @abstractmethod
    def set_levels(self, *, local: str, remote: str) -> None:
        """Say from which level on records are kept here, and sent to the manager.

        Args:
            local: Name of a level.
            remote: Name of a level.

        Raises:
            ValueError: If a level is unknown.
        """
