"""Loads imported modules with keys that ymmsl does not know, before ymmsl itself would."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import ymmsl
from ymmsl import v0_2
from ymmsl.v0_2 import resolver

from adapters.ymmsl_files.reading.documents import parsed_tree
from adapters.ymmsl_files.reading.imported_files import ModuleText, imported_by, readable_module
from adapters.ymmsl_files.reading.own_keys import read_own_keys
from domain.model.containers import Container


class ImportedContainers:
    """Finds the containers of programs in imported modules.

    Args:
        folders: The folders to search for modules.
        context: Where ymmsl is in its search for imports.
    """

    def __init__(self, folders: Sequence[Path], context: resolver.ResolutionContext) -> None:
        self._folders = folders
        self._context = context
        self._seen: set[str] = set()
        self._found: dict[str, Container] = {}

    def load(self, modules: Iterable[str]) -> dict[str, Container]:
        """Add the modules that need it to the cache of ymmsl, without the keys.

        Args:
            modules: Names of the modules that the user's files import directly.

        Returns:
            The containers, by the full names of the programs.

        Raises:
            ConfigurationError: If a container is invalid.
            RecursionError: If modules import each other in a cycle.
            RuntimeError: If ymmsl cannot load a module, or one that it imports.
        """
        self._load_all(modules, importers=())
        return self._found

    def _load_all(self, modules: Iterable[str], *, importers: tuple[str, ...]) -> None:
        for name in modules:
            if name in importers:
                raise RecursionError
            if name not in self._seen:
                self._seen.add(name)
                self._load(name, importers)

    def _load(self, name: str, importers: tuple[str, ...]) -> None:
        found = readable_module(name, self._folders)
        tree = None if found is None else parsed_tree(found.text, found.label)
        if found is None or tree is None:
            return  # ymmsl reports why it cannot be imported
        # ymmsl loads what a module imports together with that module
        self._load_all(imported_by(tree), importers=(*importers, name))
        rest, own = read_own_keys(found.text, tree, found.label, found.directory or Path.cwd())
        if rest != found.text:
            self._put_in_cache(name, found, rest)
        self._found.update((f"{name}.{key}", value) for key, value in own.containers.items())

    def _put_in_cache(self, name: str, found: ModuleText, text: str) -> None:
        stream = io.StringIO(text)
        stream.name = found.label
        module, path = v0_2.Reference(name), Path(*name.split(".")).with_suffix(".ymmsl")
        configuration = ymmsl.load_as(v0_2.Configuration, stream)
        resolver.do_resolve(Path(found.label), module, configuration, self._context)
        resolver.ymmsl_cache[path] = configuration, Path(found.label)
