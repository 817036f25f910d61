"""Resolves imports and custom implementations, and selects the model to run."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from warnings import catch_warnings, simplefilter

from ymmsl import v0_2
from ymmsl.v0_2 import resolver

from adapters.ymmsl_files.reading.documents import Document
from adapters.ymmsl_files.reading.imported_containers import ImportedContainers
from adapters.ymmsl_files.reading.imported_files import (
    ignored_sections,
    import_folders,
)
from adapters.ymmsl_files.reading.merge import is_irrelevant
from domain.errors import ConfigurationError
from domain.model.containers import Container
from domain.suggestions import few, hint


@dataclass(frozen=True, slots=True)
class Resolved:
    """A configuration with its imports resolved.

    Attributes:
        configuration: The configuration.
        folders: The folders that were searched for imported modules.
        containers: The containers of imported programs, by their full names.
    """

    configuration: v0_2.Configuration
    folders: tuple[Path, ...]
    containers: Mapping[str, Container]


def resolved(
    configuration: v0_2.Configuration, documents: Sequence[Document], warnings: list[str]
) -> Resolved:
    """Return a configuration with its imports and custom implementations resolved.

    Modules are searched for in the folders of `YMMSL_PATH`, and in that of the importing file.

    Args:
        configuration: The merged configuration; it is modified, and unusable after an error.
        documents: The documents from which it was merged.
        warnings: Receives warnings.

    Raises:
        ConfigurationError: If an import or the component of a custom implementation is not found.
    """
    _check_custom_implementations(configuration, documents)
    modules = [str(statement.module) for statement in configuration.imports]
    folders = import_folders(modules, _folders(documents))
    with _logged_warnings(warnings), catch_warnings(record=True) as caught:
        simplefilter("always")
        try:
            containers = _resolve(configuration, modules, folders)
        except RecursionError:
            raise ConfigurationError(
                f"{_labels(documents)}: the imports form a cycle. Move the parts that two files"
                " need from each other to a third file."
            ) from None
        except _USERS_MISTAKES as error:
            raise ConfigurationError(_explained(str(error), documents, folders)) from None
    texts = dict.fromkeys(str(item.message) for item in caught)
    warnings += [text for text in texts if not is_irrelevant(text)]
    warnings += ignored_sections(modules, folders)
    return Resolved(configuration, folders, containers)


def _resolve(
    configuration: v0_2.Configuration, modules: Sequence[str], folders: Sequence[Path]
) -> dict[str, Container]:
    """Do what `v0_2.resolve` does, but search the given folders instead of `YMMSL_PATH`.

    Returns:
        The containers of imported programs, which ymmsl does not know, by their full names.
    """
    resolver.ymmsl_cache.clear()
    context = resolver.ResolutionContext()
    context.ymmsl_path = list(folders)
    containers = ImportedContainers(folders, context).load(modules)
    overwritten = resolver.do_resolve(Path("<main>"), v0_2.Reference([]), configuration, context)
    resolver.remove_overwritten_implementations(configuration, overwritten)
    return containers


def _folders(documents: Sequence[Document]) -> list[Path]:
    return [item.directory for item in documents if item.directory is not None]


@contextmanager
def _logged_warnings(warnings: list[str]) -> Iterator[None]:
    """Collect warnings that ymmsl logs, such as about a module with two entry points."""
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: warnings.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("ymmsl")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _check_custom_implementations(
    configuration: v0_2.Configuration, documents: Sequence[Document]
) -> None:
    problems = [
        f"{_labels(documents)}: custom_implementations: '{key}' does not name a component. Write"
        " the name of a model and the path of the component in it, as in 'my_model.my_component'."
        for key in configuration.custom_implementations
        if len(key) < 2
    ]
    if problems:
        raise ConfigurationError(*problems)


_USERS_MISTAKES = (
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
_NOT_FOUND = re.compile(r"Failed to find a file (\S+) for module (\S+)\.")


def _labels(documents: Sequence[Document]) -> str:
    return " and ".join(dict.fromkeys(item.label for item in documents))


def _explained(error: str, documents: Sequence[Document], folders: Sequence[Path]) -> str:
    not_found = _NOT_FOUND.search(error)
    if not_found:
        return _import_not_found(not_found[1], not_found[2], error, documents, folders)
    lines = [line.strip() for line in error.replace("<main>", _labels(documents)).splitlines()]
    text = " ".join(line for line in lines if line)
    return text if text.startswith(("In ", "While ")) else f"{_labels(documents)}: {text}"


def _import_not_found(
    file: str, module: str, error: str, documents: Sequence[Document], folders: Sequence[Path]
) -> str:
    trail = " ".join(error.splitlines()[: error[: error.index("Failed")].count("\n")])
    searched = ", ".join(map(str, folders)) or "none, since YMMSL_PATH is not set"
    return (
        f"{trail.replace('<main>', _labels(documents))} module '{module}' was not found: neither a"
        f" file {file} in the folders searched ({searched}), nor an entry point of group"
        f" ymmsl.module. Put {file} into the folder of the file that imports it, set the"
        " environment variable YMMSL_PATH to the folder that contains it, or install the Python"
        " package that provides the module."
    )


def root_model(configuration: v0_2.Configuration, wanted: str | None) -> v0_2.Model:
    """Return the model to run.

    Args:
        configuration: The resolved configuration.
        wanted: Name of the model to run; None if there should be only one.

    Raises:
        ConfigurationError: If there is no such model, or more than one candidate.
    """
    roots = _roots(configuration)
    names = [str(item.name) for item in roots]
    if not roots and configuration.models:
        raise ConfigurationError(
            f"No model can be run: each of {few([*map(str, configuration.models)], 'model')} is the"
            " implementation of a component of another, or of itself."
        )
    if not roots:
        raise ConfigurationError(
            "No model to run was found. Add 'models' (v0.2) or 'model' (v0.1) to a file, or give"
            " another file that has it."
        )
    if wanted is not None:
        chosen = [item for item in roots if wanted in (str(item.name), str(item.name[-1]))]
        if len(chosen) != 1:
            raise ConfigurationError(f"Model '{wanted}' does not exist.{hint(wanted, names)}")
        return chosen[0]
    if len(roots) > 1:
        raise ConfigurationError(
            f"There are {len(roots)} models that could be run: {', '.join(names)}. Select one with"
            " '-m MODEL', or use one as the implementation of a component of another."
        )
    return roots[0]


def _roots(configuration: v0_2.Configuration) -> list[v0_2.Model]:
    used = {
        component.implementation
        for model in configuration.models.values()
        for component in model.components.values()
    }
    return [model for name, model in configuration.models.items() if name not in used]
