"""Reads, checks and flattens the user's yMMSL files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from adapters.ymmsl_files.flat_configuration import flattened
from adapters.ymmsl_files.reading.documents import read_documents
from adapters.ymmsl_files.reading.imports import resolved, root_model
from adapters.ymmsl_files.reading.merge import merged
from adapters.ymmsl_files.writing.configuration_file import dumped
from domain.coupling.settings import Settings
from domain.errors import ConfigurationError
from domain.model.configuration import Configuration


@final
class YmmslConfigurationSource:
    """Reads yMMSL v0.1 and v0.2.

    Args:
        programs_required: Whether each component's program must be in the files. If not, missing
            programs become manually started ones.
        imports_allowed: Whether the files may import from others.
        manual_components: Whether components without an implementation are started by hand, instead
            of left out.

    Attributes:
        warnings: The warnings of the last load.
    """

    def __init__(
        self,
        *,
        programs_required: bool = True,
        imports_allowed: bool = True,
        manual_components: bool = False,
    ) -> None:
        self.warnings: list[str] = []
        self._programs_required = programs_required
        self._imports_allowed = imports_allowed
        self._manual_components = manual_components

    def load(
        self,
        sources: Sequence[object],
        *,
        model: str | None = None,
        settings: Settings | None = None,
    ) -> Configuration:
        """Return the flat configuration that the sources describe.

        Args:
            sources: Paths (`-` is standard input), contents (any string with a line break), or
                configuration objects of ymmsl; merged in this order.
            model: Name of the model to run, if there are several.
            settings: Settings that replace or extend those in the sources.

        Raises:
            ConfigurationError: If the configuration is invalid. Each error names file and key; its
                `warnings` are the warnings so far.
        """
        self.warnings = []
        try:
            return self._load(sources, model, settings or Settings())
        except ConfigurationError as error:
            error.warnings = tuple(self.warnings)
            raise

    def dump(self, configuration: Configuration) -> str:
        """Return the contents of a yMMSL v0.2 file that describes the flat configuration."""
        return dumped(configuration)

    def _load(
        self, sources: Sequence[object], model: str | None, settings: Settings
    ) -> Configuration:
        documents, problems = read_documents(sources, self.warnings)
        if problems or not documents:
            raise ConfigurationError(*(problems or ["No configuration was given."]))
        unresolved = merged(documents, self.warnings)
        if unresolved.imports and not self._imports_allowed:
            msg = (
                f"{documents[0].label}: 'imports' cannot be used here. Put what they would import"
                " into the configuration itself."
            )
            raise ConfigurationError(msg)
        whole = resolved(unresolved, documents, self.warnings)
        return flattened(
            whole.configuration,
            root_model(whole.configuration, model),
            documents,
            self.warnings,
            programs_required=self._programs_required,
            manual_components=self._manual_components,
            folders=whole.folders,
            imported_containers=whole.containers,
            settings=settings,
        )
