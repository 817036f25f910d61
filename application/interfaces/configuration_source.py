"""Configuration sources: where configurations come from."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from domain.model.configuration import Configuration


class ConfigurationSource(Protocol):
    """Reads, validates and flattens configurations."""

    @abstractmethod
    def load(self, sources: Sequence[object], *, model: str | None = None) -> Configuration:
        """Return the flat configuration that the sources describe together.

        Args:
            sources: Files (paths; `-` for standard input), strings, or configuration objects of
                the format's own library; merged in this order.
            model: Name of the model to run, if the sources contain several.

        Raises:
            ConfigurationError: If the configuration is invalid; each problem names file and key.
        """

    @abstractmethod
    def dump(self, configuration: Configuration) -> str:
        """Return the flat configuration as the contents of a file."""
