"""Finds imported modules, and the sections in them that an import ignores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

import yaml

from adapters.ymmsl_files.reading.documents import parsed_tree
from adapters.ymmsl_files.reading.keys import entries

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


def module_text(module: str, folders: Iterable[Path]) -> ModuleText | None:
    """Find an imported module as ymmsl does: an entry point first, then a file.

    Args:
        module: Its name, such as `lib.codes`.
        folders: The folders to search for a file.
    """
    for entry_point in entry_points(group=ENTRY_POINT_GROUP, name=module):
        return ModuleText(f"module {module}", str(entry_point.load()))
    relative = Path(*module.split(".")).with_suffix(".ymmsl")
    for directory in folders:
        path = directory / relative
        if path.is_file():
            return ModuleText(str(path), path.read_text(encoding="utf-8"), path.resolve().parent)
    return None


def import_folders(modules: Iterable[str], beside: Iterable[Path]) -> tuple[Path, ...]:
    """Return the folders to search for modules: `YMMSL_PATH`, then those of importing files.

    Args:
        modules: Names of the modules that the user's files import directly.
        beside: The folders of the user's files.

    Raises:
        ConfigurationError: If a module is too large or nested too deeply.
    """
    listed = [Path(item) for item in os.environ.get(SEARCH_PATH, "").split(":") if item]
    folders = list(dict.fromkeys([*listed, *beside]))
    for module, _ in _modules(modules, folders):
        if module.directory is not None and module.directory not in folders:
            folders.append(module.directory)  # its own imports are read after this
    return tuple(folders)


def ignored_sections(modules: Iterable[str], folders: Sequence[Path]) -> list[str]:
    """Return a warning for each imported module with sections that an import ignores.

    Args:
        modules: Names of the modules that the user's files import directly.
        folders: The folders to search for them.
    """
    return [
        f"{module.label}: its {_listed(ignored)} not used, since only implementations are imported."
        " Move the parts that you need into the file that you run."
        for module, tree in _modules(modules, folders)
        if (ignored := _sections(tree))
    ]


def _modules(
    names: Iterable[str], folders: Iterable[Path]
) -> Iterator[tuple[ModuleText, yaml.Node]]:
    """Yield modules, with their YAML, and those that they import, each once."""
    waiting = list(names)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        found = None if name in seen else readable_module(name, folders)
        seen.add(name)
        tree = None if found is None else parsed_tree(found.text, found.label)
        if found is not None and tree is not None:
            yield found, tree
            waiting += imported_by(tree)


def readable_module(name: str, folders: Iterable[Path]) -> ModuleText | None:
    """Return an imported module; None if it does not exist or cannot be read.

    Args:
        name: Its name.
        folders: The folders to search for a file.
    """
    try:
        return module_text(name, folders)
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


def imported_by(tree: yaml.Node) -> Iterator[str]:
    """Yield the names of the modules in statements such as `from lib.codes import ...`."""
    for key, value in entries(tree):
        if key == "imports" and isinstance(value, yaml.SequenceNode):
            for item in value.value:
                words = str(item.value).split() if isinstance(item, yaml.ScalarNode) else []
                yield from words[1:2]
