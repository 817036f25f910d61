"""Finds imported modules, and the sections in them that an import ignores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

import yaml

from adapters.ymmsl_files.reading.documents import parsed_tree
from adapters.ymmsl_files.reading.keys import entries
from adapters.ymmsl_files.reading.own_keys import containers_in
from domain.errors import ConfigurationError

ENTRY_POINT_GROUP = "ymmsl.module"
SEARCH_PATH = "YMMSL_PATH"

_NOT_IMPORTED: Final = ("settings", "resources", "checkpoints", "resume")


@dataclass(frozen=True, slots=True)
class ModuleText:
    """The contents of a module.

    Attributes:
        label: Its name in messages.
        text: Its contents.
        directory: The directory of its file; None for an entry point.
    """

    label: str
    text: str
    directory: Path | None = None


def module_text(module: str) -> ModuleText | None:
    """Find an imported module as ymmsl does: an entry point first, then a file.

    Args:
        module: Its name, such as `lib.codes`.
    """
    for entry_point in entry_points(group=ENTRY_POINT_GROUP, name=module):
        return ModuleText(f"module {module}", str(entry_point.load()))
    relative = Path(*module.split(".")).with_suffix(".ymmsl")
    for directory in os.environ.get(SEARCH_PATH, "").split(":"):
        path = Path(directory) / relative
        if directory and path.is_file():
            return ModuleText(str(path), path.read_text(encoding="utf-8"), path.resolve().parent)
    return None


def check_sizes(modules: Iterable[str]) -> None:
    """Check that imported modules, and those that they import, have reasonable sizes.

    Args:
        modules: Names of the modules that the user's files import directly.

    Raises:
        ConfigurationError: If one is too large or nested too deeply.
    """
    for _ in _modules(modules):
        pass


def check_containers(modules: Iterable[str]) -> None:
    """Check that no imported module defines a container, because ymmsl reads these modules itself.

    Args:
        modules: Names of the modules that the user's files import directly.

    Raises:
        ConfigurationError: If one does.
    """
    problems = [
        f"{label}: '{where}' cannot be used in an imported file. Move the program into the file"
        " that you run, or start the container in the program's 'executable' or 'script'."
        for label, tree in _modules(modules)
        for where in containers_in(tree)
    ]
    if problems:
        raise ConfigurationError(*problems)


def ignored_sections(modules: Iterable[str]) -> list[str]:
    """Return a warning for each imported module with sections that an import ignores.

    Args:
        modules: Names of the modules that the user's files import directly.
    """
    return [
        f"{label}: its {_listed(ignored)} not used, since only implementations are imported. Move"
        " the parts that you need into the file that you run."
        for label, tree in _modules(modules)
        if (ignored := _sections(tree))
    ]


def _modules(names: Iterable[str]) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the label and YAML of modules and of those that they import, each once."""
    waiting = list(names)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        found = None if name in seen else _readable_module(name)
        seen.add(name)
        tree = None if found is None else parsed_tree(found.text, found.label)
        if found is not None and tree is not None:
            yield found.label, tree
            waiting += _imported_by(tree)


def _readable_module(name: str) -> ModuleText | None:
    try:
        return module_text(name)
    except (OSError, ValueError, ImportError, AttributeError):
        return None  # ymmsl reports why it cannot import it


def _sections(tree: yaml.Node) -> list[str]:
    return [
        key
        for key, value in entries(tree)
        if key in _NOT_IMPORTED and isinstance(value, yaml.CollectionNode) and value.value
    ]


def _listed(sections: list[str]) -> str:
    quoted = [f"'{name}'" for name in sections]
    return f"{' and '.join(quoted)} {'is' if len(quoted) == 1 else 'are'}"


def _imported_by(tree: yaml.Node) -> Iterator[str]:
    """Yield the names of the modules in statements such as `from lib.codes import ...`."""
    for key, value in entries(tree):
        if key == "imports" and isinstance(value, yaml.SequenceNode):
            for item in value.value:
                words = str(item.value).split() if isinstance(item, yaml.ScalarNode) else []
                yield from words[1:2]
