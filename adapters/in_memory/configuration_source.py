"""A configuration source for configurations that are made in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from application.interfaces.configuration_source import ConfigurationSource
from domain.errors import ConfigurationError
from domain.model.configuration import Configuration


@final
class InMemoryConfigurationSource(ConfigurationSource):
    """Takes a flat configuration as it is, or the text under which it was dumped."""

    def __init__(self) -> None:
        self._dumped: dict[object, Configuration] = {}

    def load(self, sources: Sequence[object], *, model: str | None = None) -> Configuration:
        """Return the one configuration given.

        Args:
            sources: A single Configuration, or a text that `dump` returned.
            model: Name that its model must have, if given.

        Raises:
            ConfigurationError: If it is anything else, or several, or has another model.
        """
        if len(sources) != 1:
            raise ConfigurationError(f"Give one configuration; these are {len(sources)}.")
        source = sources[0]
        found = source if isinstance(source, Configuration) else self._dumped.get(str(source))
        if found is None:
            raise ConfigurationError(f"{source!r} is no configuration.")
        if model is not None and found.model.name != model:
            raise ConfigurationError(
                f"There is no model '{model}' to run. There is: {found.model.name}."
            )
        return found

    def dump(self, configuration: Configuration) -> str:
        """Return a text under which the configuration can be loaded from here again."""
        text = f"configuration {len(self._dumped)}\n"
        self._dumped[text] = configuration
        return text
