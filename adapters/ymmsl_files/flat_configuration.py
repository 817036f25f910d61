"""Flattens a hierarchical configuration into the one to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ymmsl import v0_2

from adapters.ymmsl_files.checking.model_checks import (
    model_problems,
    size_problems,
    without_implementation,
)
from adapters.ymmsl_files.checking.run_checks import (
    checkpoint_problems,
    resource_problems,
    resume_warnings,
    unused_resources,
)
from adapters.ymmsl_files.checking.setting_checks import (
    setting_places,
    setting_problems,
    setting_warnings,
)
from adapters.ymmsl_files.checking.settings_forwarding import forward_settings
from adapters.ymmsl_files.checking.shell_arguments import argument_warnings
from adapters.ymmsl_files.checking.wiring_checks import wiring_problems
from adapters.ymmsl_files.flattening import translation as translating
from adapters.ymmsl_files.flattening.conduits import joined_conduits
from adapters.ymmsl_files.flattening.expansion import Expansion, Leaf, expand
from adapters.ymmsl_files.flattening.resource_names import ResourceNames, resources_by_component
from adapters.ymmsl_files.flattening.timelines import flat_timelines
from adapters.ymmsl_files.reading.arguments import programs_with_shell_text
from adapters.ymmsl_files.reading.documents import Document
from adapters.ymmsl_files.reading.origins import Origins
from adapters.ymmsl_files.reading.program_folders import program_folders
from domain.coupling.settings import Settings
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.configuration import (
    Component,
    Configuration,
    ExecutionModel,
    Model,
    Program,
    ResumeOrigin,
)
from domain.model.containers import Container
from domain.model.shell_words import YMMSL_DIR


def flattened(
    whole: v0_2.Configuration,
    root: v0_2.Model,
    documents: Sequence[Document],
    warnings: list[str],
    *,
    programs_required: bool,
    manual_components: bool = False,
    folders: Sequence[Path] = (),
    imported_containers: Mapping[str, Container] | None = None,
    settings: Settings,
) -> Configuration:
    """Check a configuration and flatten it.

    Args:
        whole: The configuration, with its imports resolved.
        root: The model to run.
        documents: The documents from which it was merged.
        warnings: Receives warnings.
        programs_required: Whether each component's program must exist.
        manual_components: Whether components without an implementation are started by hand, instead
            of left out.
        folders: The folders that were searched for imported modules.
        imported_containers: The containers of imported programs, by their full names.
        settings: Settings that replace or extend those of the configuration.

    Raises:
        ConfigurationError: If the configuration is invalid; it lists all errors.
    """
    origins = Origins(documents)
    problems = [
        *checkpoint_problems(documents),
        *model_problems(whole, origins, programs_required=programs_required),
    ]
    if problems:
        _raise_if_any([*problems, *_problems_elsewhere(whole, root, documents)])
    if not manual_components:
        warnings += without_implementation(whole, origins)
    expansion = expand(whole, root, manual_components=manual_components)
    _raise_if_any(size_problems(root, expansion, origins))
    model = _model(root, expansion, origins, warnings)
    names = ResourceNames(model.name, expansion, map(translating.reference, whole.models))
    flat = Configuration(
        model=model,
        programs=_programs(whole, expansion, documents, folders, imported_containers or {}),
        settings=translating.settings(whole.settings).updated_with(settings),
        resources=resources_by_component(documents, names, warnings),
        checkpoints=translating.checkpoints(whole.checkpoints),
        resume=translating.resume(whole.resume),
        description=whole.description,
        resume_origin=_resume_origin(documents),
    )
    _raise_if_any(
        [
            *(f"{origins.everything()}: {text}" for text in wiring_problems(model)),
            *resource_problems(whole, flat, names, origins),
            *_placed(setting_problems(flat.settings, whole, expansion), documents),
        ]
    )
    about_settings = setting_warnings(flat.settings, model, whole, expansion)
    warnings += [
        *unused_resources(whole, flat, names, origins),
        *_placed(about_settings, documents),
        *resume_warnings(flat),
    ]
    if programs_required:
        warnings += argument_warnings(flat)
    return flat


def _problems_elsewhere(
    whole: v0_2.Configuration, root: v0_2.Model, documents: Sequence[Document]
) -> list[str]:
    """Return the errors in the settings of a configuration whose models are invalid too."""
    try:
        expansion = expand(whole, root)
        found = setting_problems(translating.settings(whole.settings), whole, expansion)
    except ConfigurationError:
        return []
    return _placed(found, documents)


def _placed(found: Iterable[tuple[Reference, str]], documents: Sequence[Document]) -> list[str]:
    """Return messages about settings, with their files and lines."""
    places = setting_places(documents)
    return [places.get(str(key), "") + text for key, text in found]


def _raise_if_any(problems: list[str]) -> None:
    if problems:
        raise ConfigurationError(*problems)


def _model(root: v0_2.Model, expansion: Expansion, origins: Origins, warnings: list[str]) -> Model:
    timelines = flat_timelines(root, expansion, origins)
    forward_settings(expansion, timelines)
    return Model(
        name=translating.reference(root.name),
        components={
            path: _component(leaf, timelines.own[path]) for path, leaf in expansion.leaves.items()
        },
        conduits=joined_conduits(expansion, warnings),
        matching_timelines=tuple(timelines.matching),
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
    whole: v0_2.Configuration,
    expansion: Expansion,
    documents: Sequence[Document],
    folders: Sequence[Path],
    imported_containers: Mapping[str, Container],
) -> dict[Reference, Program]:
    """Return the programs in use; missing ones become manually started programs."""
    shell_text = programs_with_shell_text(documents, whole.programs.values(), folders)
    containers = {
        **imported_containers,
        **{name: found for item in documents for name, found in item.own.containers.items()},
    }
    defined_in = program_folders(documents, map(str, whole.programs), folders)
    result: dict[Reference, Program] = {}
    for leaf in expansion.leaves.values():
        name = leaf.program
        found = whole.programs.get(v0_2.Reference(str(name)))
        if found is None:
            result[name] = Program(name, execution_model=ExecutionModel.MANUAL)
        else:
            is_text = str(name) in shell_text
            translated = translating.program(found, args_are_shell_text=is_text)
            result[name] = replace(
                translated,
                container=containers.get(str(name)),
                env={**_folder_variable(defined_in.get(str(name))), **translated.env},
            )
    return result


def _folder_variable(folder: Path | None) -> dict[str, str]:
    return {} if folder is None else {YMMSL_DIR: str(folder)}


def _resume_origin(documents: Sequence[Document]) -> ResumeOrigin | None:
    """Return the origin of the last document that has one; None if none has."""
    found = [item.resume_origin for item in documents if item.resume_origin is not None]
    return found[-1] if found else None
