"""Where configurations come from."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from domain.model.configuration import Configuration


class ConfigurationSource(Protocol):
    """Reads, checks and flattens configurations."""

    @abstractmethod
    def load(self, sources: Sequence[object], *, model: str | None = None) -> Configuration:
        """Return the flat configuration that the sources describe together.

        Args:
            sources: Files (paths; `-` for standard input), texts, or configuration objects of
                the format's own library; merged in this order.
            model: Name of the model to run, where there are several.

        Raises:
            ConfigurationError: If anything is wrong; each problem names file and key.
        """

    @abstractmethod
    def dump(self, configuration: Configuration) -> str:
        """Return the text of a file that describes the flat configuration."""
