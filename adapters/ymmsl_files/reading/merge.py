"""Merges documents into one configuration."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from warnings import catch_warnings, simplefilter

import ymmsl
from ymmsl import v0_1, v0_2

from adapters.ymmsl_files.reading.documents import Document
from adapters.ymmsl_files.reading.inferred_timelines import infer_timelines
from domain.coupling.ports import Operator, Port, ports_in_ymmsl
from domain.errors import ConfigurationError


def merged(documents: Sequence[Document], warnings: list[str]) -> v0_2.Configuration:
    """Merge documents: by the rules of v0.1 if all are of that version, else by those of v0.2.

    Args:
        documents: The documents; later ones override earlier ones. They are not modified.
        warnings: Receives warnings.

    Raises:
        ConfigurationError: If they cannot be merged.
    """
    old = [item.content for item in documents if isinstance(item.content, v0_1_type)]
    if len(old) == len(documents):
        return _converted(_merged_old(old), documents[0].label, warnings)
    new = [
        _converted(item.content, item.label, warnings)
        if isinstance(item.content, v0_1_type)
        else deepcopy(item.content)
        for item in documents
    ]
    problems = [*_models_in_several_files(documents, new), *_duplicate_programs(documents, new)]
    if problems:
        raise ConfigurationError(*problems)
    for overlay in new[1:]:
        new[0].update(overlay)
    return new[0]


v0_1_type = v0_1.PartialConfiguration

# Warnings that ymmsl emits on every conversion, and that are irrelevant for a run.
_CHATTER = ("Comments can unfortunately", "In yMMSL v0.2 implementations", "In yMMSL v0.2 comp")


def is_irrelevant(warning: str) -> bool:
    """Whether a warning of ymmsl is irrelevant for a run."""
    return warning.startswith(_CHATTER)


def _merged_old(contents: Sequence[v0_1.PartialConfiguration]) -> v0_1.PartialConfiguration:
    result = deepcopy(contents[0])
    for overlay in contents[1:]:
        result.update(deepcopy(overlay))
    return result


def _converted(
    content: v0_1.PartialConfiguration, label: str, warnings: list[str]
) -> v0_2.Configuration:
    warnings += _guessed_ports(content, label)
    with catch_warnings():
        simplefilter("ignore")
        try:
            result = ymmsl.convert_to(v0_2.Configuration, content)
        except (RuntimeError, ValueError) as error:
            raise ConfigurationError(
                f"{label}: this v0.1 file cannot be converted to v0.2: {error}"
            ) from None
    for model in result.models.values():
        inferred = infer_timelines(model)
        if inferred:
            warnings.append(
                f"{label}: as in MUSCLE3 0.10, {'; '.join(inferred)}. To see this written"
                " down as timelines, convert the file to v0.2 with 'conjoin convert'."
            )
    return result


def _guessed_ports(content: v0_1.PartialConfiguration, label: str) -> list[str]:
    if not isinstance(content.model, v0_1.Model):
        return []
    return [
        f"{label}: component '{component.name}' has no 'ports'. Its receiving ports are assumed to"
        " be f_init and its sending ports o_f. If it is not called by another component, but calls"
        " others in each of its steps, write for it:"
        f" 'ports: {_ports_of_caller(content.model, str(component.name))}'."
        for component in content.model.components
        if not component.ports or not list(component.ports.port_names())
    ]


def _ports_of_caller(model: v0_1.Model, component: str) -> str:
    """Return the ports of a component if it sends on o_i and receives on s."""
    ends = [
        (str(end[-1]), operator)
        for conduit in model.conduits
        for end, operator in (
            (conduit.sender, Operator.O_I),
            (conduit.receiver, Operator.S),
        )
        if str(end[:-1]) == component
    ]
    return ports_in_ymmsl(Port(name, operator) for name, operator in dict.fromkeys(ends))


def _models_in_several_files(
    documents: Sequence[Document], contents: Sequence[v0_2.Configuration]
) -> list[str]:
    holders = [
        item.label for item, content in zip(documents, contents, strict=True) if content.models
    ]
    if len(holders) < 2:
        return []
    problem = (
        f"There are models in more than one file: {', '.join(holders)}. Pass only one of them,"
        " and let it use 'imports' to get what it needs from the others."
    )
    return [problem]


def _duplicate_programs(
    documents: Sequence[Document], contents: Sequence[v0_2.Configuration]
) -> list[str]:
    first_in: dict[str, str] = {}
    problems = []
    for item, content in zip(documents, contents, strict=True):
        for name in map(str, content.programs):
            if name in first_in:
                problems.append(
                    f"{item.label}: program '{name}' is already defined in {first_in[name]}."
                    " Rename or remove one of them."
                )
            first_in.setdefault(name, item.label)
    return problems
