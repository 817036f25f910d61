"""Finds the folder of the file that defines each program, which it gets as `YMMSL_DIR`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ymmsl import v0_1

from adapters.ymmsl_files.reading.documents import Document
from adapters.ymmsl_files.reading.imported_files import module_text


def program_folders(
    documents: Sequence[Document], names: Iterable[str], folders: Sequence[Path]
) -> dict[str, Path]:
    """Return the folders by name of the program; none for a module that is not a file.

    A configuration that is not a file counts as in the current directory.

    Args:
        documents: The user's documents.
        names: The full names of the programs.
        folders: The folders that were searched for imported modules.
    """
    result: dict[str, Path] = {}
    for item in documents:
        content = item.content
        if isinstance(content, v0_1.PartialConfiguration):
            programs = list(content.implementations)
        else:
            programs = list(content.programs)
        result.update(dict.fromkeys(map(str, programs), item.directory or Path.cwd()))
    for name in names:
        module = name.rpartition(".")[0]
        if module and name not in result:
            found = module_text(module, folders)
            if found is not None and found.directory is not None:
                result[name] = found.directory
    return result
