"""A configuration source for configurations created in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from application.interfaces.configuration_source import ConfigurationSource
from domain.errors import ConfigurationError
from domain.model.configuration import Configuration


@final
class InMemoryConfigurationSource(ConfigurationSource):
    """Returns flat configurations unchanged, and looks up dumped ones."""

    def __init__(self) -> None:
        self._dumped: dict[object, Configuration] = {}

    def load(self, sources: Sequence[object], *, model: str | None = None) -> Configuration:
        """Return the configuration in `sources`.

        Args:
            sources: A single Configuration, or a string that `dump` returned.
            model: Name that its model must have, if given.

        Raises:
            ConfigurationError: If `sources` has another type or length, or the model has another
                name.
        """
        if len(sources) != 1:
            raise ConfigurationError(f"Expected one configuration, but got {len(sources)}.")
        source = sources[0]
        found = source if isinstance(source, Configuration) else self._dumped.get(str(source))
        if found is None:
            raise ConfigurationError(f"{source!r} is not a configuration.")
        if model is not None and found.model.name != model:
            raise ConfigurationError(
                f"Model '{model}' does not exist. The configuration has '{found.model.name}'."
            )
        return found

    def dump(self, configuration: Configuration) -> str:
        """Return a string from which `load` returns the configuration again."""
        text = f"configuration {len(self._dumped)}\n"
        self._dumped[text] = configuration
        return text
