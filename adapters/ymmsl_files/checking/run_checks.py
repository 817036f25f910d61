"""Checks of resources, checkpoint rules and snapshots to resume from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from ymmsl import v0_2

from adapters.ymmsl_files.flattening.resource_names import ResourceNames
from adapters.ymmsl_files.flattening.translation import reference
from adapters.ymmsl_files.flattening.translation import rule as translated_rule
from adapters.ymmsl_files.reading.documents import Document
from adapters.ymmsl_files.reading.lines import line_of
from adapters.ymmsl_files.reading.origins import Origins
from adapters.ymmsl_files.reading.requirement_keys import requirement_values
from domain.identity import Reference
from domain.model.configuration import (
    Configuration,
    ExecutionModel,
    MpiCores,
    MpiNodes,
)
from domain.model.containers import ContainerRunner
from domain.suggestions import hint


def resource_problems(
    whole: v0_2.Configuration, flat: Configuration, names: ResourceNames, origins: Origins
) -> list[str]:
    """Return the errors in the requested resources.

    Args:
        whole: The configuration before flattening.
        flat: The same, flattened.
        names: Finds the components to which keys under `resources` refer.
        origins: The files of the models.
    """
    found = [
        *_ambiguous_components(whole, flat, names),
        *_about_resources(_unfit_requirements(flat), whole, names),
        *_about_resources(_impossible_requirements(flat), whole, names),
        *_unfit_containers(flat),
    ]
    return [f"{origins.place(*path)}: {text}" for path, text in found]


_Found: TypeAlias = tuple[Sequence[str], str]
"""The path of an error in a file, and its description."""


def _about_resources(
    found: Iterable[tuple[Reference, str]], whole: v0_2.Configuration, names: ResourceNames
) -> Iterator[_Found]:
    """Yield errors about components with the path of their resources."""
    keys = {path: str(key) for key in whole.resources for path in names.components(reference(key))}
    for name, text in found:
        yield ("resources", keys.get(name, str(name))), text


def checkpoint_problems(documents: Iterable[Document]) -> list[str]:
    """Return the errors in the checkpoint rules."""
    return [text for item in documents for text in _invalid_rules(item)]


def resume_warnings(flat: Configuration) -> list[str]:
    """Return a warning for each instance under `resume` that does not exist."""
    known = set(flat.model.instances()) if flat.resume else set()
    return [
        f"'resume' names instance '{name}', which this model does not have.{hint(name, known)}"
        for name in flat.resume
        if name not in known
    ]


def _place(document: Document, key: str) -> str:
    line = None if document.tree is None else line_of(document.tree, ["checkpoints", key])
    return document.label if line is None else f"{document.label}, line {line}"


def _invalid_rules(document: Document) -> Iterator[str]:
    for key in ("wallclock_time", "simulation_time"):
        for rule in getattr(document.content.checkpoints, key):
            try:
                translated_rule(rule)
            except (ValueError, OverflowError) as error:
                yield f"{_place(document, key)}: checkpoints.{key}: {error}."


def unused_resources(
    whole: v0_2.Configuration, flat: Configuration, names: ResourceNames, origins: Origins
) -> list[str]:
    """Return a warning for each key under `resources` that names no component.

    Args:
        whole: The configuration before flattening.
        flat: The same, flattened.
        names: Finds the components to which keys under `resources` refer.
        origins: The files of the models.
    """
    root = flat.model.name
    known = [str(root + name) for name in flat.model.components]
    return [
        f"{origins.place('resources', str(key))}: resources: component '{key}' does not exist, so"
        " these resources are not used."
        f"{hint(key, known)}{'' if key.starts_with(root) else _NAMED_BY_PATH}"
        for key in map(reference, whole.resources)
        if not names.components(key)
        and not names.is_elsewhere(key)
        and not _is_left_out(whole, key[len(root) :] if key.starts_with(root) else key)
    ]


def _ambiguous_components(
    whole: v0_2.Configuration, flat: Configuration, names: ResourceNames
) -> Iterator[_Found]:
    root = flat.model.name
    for key in map(reference, whole.resources):
        meant = names.components(key)
        if len(meant) > 1:
            listed = " or ".join(f"'{root + path}'" for path in meant)
            text = f"resources: '{key}' is ambiguous: it may be {listed}. Use one of these."
            yield ("resources", str(key)), text


_NAMED_BY_PATH = (
    " In v0.2, write the name of the model before the component, as in 'my_model.my_component'."
)


def _is_left_out(whole: v0_2.Configuration, path: Reference) -> bool:
    return any(
        reference(component.name) == path[-1:]
        for model in whole.models.values()
        for component in model.components.values()
        if component.implementation is None
    )


def _unfit_requirements(flat: Configuration) -> Iterator[tuple[Reference, str]]:
    for component in flat.model.components.values():
        program = flat.program_of(component)
        kind = program.execution_model
        given = flat.resources.get(component.name)
        is_mpi = isinstance(given, (MpiCores, MpiNodes))
        what = f"resources: component '{component.name}' runs program '{program.name}'"
        if kind.uses_mpi and not is_mpi:
            key = flat.model.name + component.name
            yield (
                component.name,
                (
                    f"{what} with execution model '{kind.value}', but does not set the number of"
                    f" MPI processes. Add, for example: '{key}: {{mpi_processes: 4}}'."
                ),
            )
        if is_mpi and kind is ExecutionModel.DIRECT and program.script is None:
            yield (
                component.name,
                (
                    f"{what}, which does not use MPI, but requests MPI processes. Set 'threads'"
                    " instead, set the program's 'execution_model', or start it with a 'script'"
                    " that calls mpirun."
                ),
            )


def _unfit_containers(flat: Configuration) -> Iterator[_Found]:
    for program in flat.programs.values():
        container = program.container
        if container is None:
            continue
        path = ("programs", str(program.name), "container")
        if program.execution_model is ExecutionModel.MANUAL:
            yield (
                path,
                (
                    f"programs: '{program.name}' is started by hand, so its 'container' would not"
                    " be used. Remove it, or the execution model."
                ),
            )
        runs_apart = container.runner is not ContainerRunner.APPTAINER
        if program.execution_model.uses_mpi and runs_apart:
            yield (
                path,
                (
                    f"programs: '{program.name}' uses MPI in a container of"
                    f" {container.runner.value}, whose processes cannot join an MPI program that"
                    " was started outside. Use an image for apptainer."
                ),
            )


def _impossible_requirements(flat: Configuration) -> Iterator[tuple[Reference, str]]:
    for name, given in flat.resources.items():
        for key, number in requirement_values(given).items():
            if number < 1:
                yield name, f"resources: '{key}' of '{name}' is {number}; it must be 1 or more."
