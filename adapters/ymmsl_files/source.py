"""The yMMSL files of a user, read, checked and flattened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from ymmsl import v0_2

from adapters.ymmsl_files import translating
from adapters.ymmsl_files.arguments import programs_with_shell_text
from adapters.ymmsl_files.documents import Document, read_documents
from adapters.ymmsl_files.dumping import dumped
from adapters.ymmsl_files.expanding import Expansion, Leaf, expand
from adapters.ymmsl_files.joining import joined_conduits
from adapters.ymmsl_files.merging import merged
from adapters.ymmsl_files.resolving import resolved, root_model
from adapters.ymmsl_files.timelines import flat_timelines, matching_timelines
from application.interfaces.configuration_source import ConfigurationSource
from domain.configuration import Component, Configuration, Model, Program
from domain.errors import ConfigurationError
from domain.identity import Reference


@final
class YmmslConfigurationSource(ConfigurationSource):
    """Reads yMMSL v0.1 and v0.2.

    Attributes:
        warnings: What the last load found odd but not wrong.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def load(self, sources: Sequence[object], *, model: str | None = None) -> Configuration:
        """Return the flat configuration that the sources describe together.

        Args:
            sources: Paths (`-` is standard input), texts (anything with a line break in it), or
                configuration objects of ymmsl; merged in this order.
            model: Name of the model to run, where there are several.

        Raises:
            ConfigurationError: If anything is wrong; each problem names file and key.
        """
        self.warnings = []
        documents, problems = read_documents(sources, self.warnings)
        if problems or not documents:
            raise ConfigurationError(*(problems or ["No configuration was given."]))
        whole = resolved(merged(documents, self.warnings), self.warnings)
        return _flat(whole, root_model(whole, model), documents)

    def dump(self, configuration: Configuration) -> str:
        """Return the text of a yMMSL v0.2 file that describes the flat configuration."""
        return dumped(configuration)


def _flat(
    whole: v0_2.Configuration, root: v0_2.Model, documents: Sequence[Document]
) -> Configuration:
    expansion = expand(whole, root)
    conduits = joined_conduits(expansion)
    matches = matching_timelines(root)
    timelines = flat_timelines(str(root.name), expansion, conduits, matches)
    components = {
        leaf.path: _component(leaf, timelines[leaf.path]) for leaf in expansion.leaves.values()
    }
    name = translating.reference(root.name)
    return Configuration(
        model=Model(name, components, conduits, matches),
        programs=_programs(whole, expansion, documents),
        settings=translating.settings(whole.settings),
        resources={
            translating.reference(key)[len(name) :]: translating.requirements(value)
            for key, value in whole.resources.items()
            if translating.reference(key)[len(name) :] in components
        },
        checkpoints=translating.checkpoints(whole.checkpoints),
        resume=translating.resume(whole.resume),
        description=whole.description,
    )


def _component(leaf: Leaf, timeline: str) -> Component:
    return Component(
        name=leaf.path,
        ports=translating.ports(leaf.component.ports),
        program=leaf.program,
        multiplicity=leaf.multiplicity,
        timeline=timeline,
        description=leaf.component.description,
    )


def _programs(
    whole: v0_2.Configuration, expansion: Expansion, documents: Sequence[Document]
) -> dict[Reference, Program]:
    shell_text = programs_with_shell_text(documents, whole.programs.values())
    used = {leaf.program for leaf in expansion.leaves.values()}
    return {
        translating.reference(name): translating.program(
            item, args_are_shell_text=str(name) in shell_text
        )
        for name, item in whole.programs.items()
        if translating.reference(name) in used
    }
