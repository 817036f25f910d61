"""Determines whether a program's arguments were written as a string or as a list.

A string is shell text (`-n $MUSCLE_THREADS`); an element of a list is one argument. ymmsl converts
a string to a list with one element, so such lists are looked up again in the YAML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml
from ymmsl import v0_2

from adapters.ymmsl_files.reading.documents import Document, parsed_tree
from adapters.ymmsl_files.reading.imported_files import module_text
from adapters.ymmsl_files.reading.keys import PROGRAM_SECTIONS, entries, named_entries


def programs_with_shell_text(
    documents: Iterable[Document], programs: Iterable[v0_2.Program], folders: Sequence[Path]
) -> set[str]:
    """Return the full names of the programs whose arguments are shell text.

    Configuration objects do not record the original form. Their lists with one element count as
    strings, as in MUSCLE3.

    Args:
        documents: The user's documents.
        programs: All programs, including imported ones, under their full names.
        folders: The folders to search for imported modules.
    """
    written: dict[str, bool] = {}
    for item in documents:
        if item.tree is not None:
            written.update(_in_tree(item.tree))
    lists_of_one = [str(item.name) for item in programs if len(item.args or ()) == 1]
    for module in {name.rpartition(".")[0] for name in lists_of_one} - {""}:
        written.update(
            {f"{module}.{name}": kind for name, kind in _in_module(module, folders).items()}
        )
    return {name for name in lists_of_one if written.get(name, True)}


def _in_module(module: str, folders: Sequence[Path]) -> dict[str, bool]:
    found = module_text(module, folders)
    tree = None if found is None else parsed_tree(found.text, found.label)
    return {} if tree is None else _in_tree(tree)


def _in_tree(tree: yaml.Node) -> dict[str, bool]:
    return {
        name: isinstance(value, yaml.ScalarNode)
        for key, section in entries(tree)
        if key in PROGRAM_SECTIONS
        for name, program in named_entries(section)
        for field, value in entries(program)
        if field == "args"
    }
