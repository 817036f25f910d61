"""Finds the file that contains a model or program, for messages."""

from __future__ import annotations

from collections.abc import Sequence

import yaml
from ymmsl import v0_1, v0_2

from adapters.ymmsl_files.reading.documents import Document
from adapters.ymmsl_files.reading.lines import line_of, line_of_conduit

_OLD_SECTIONS = {"programs": "implementations"}
_CUSTOMISED = "__customised_for__"


class Origins:
    """Maps each model and program to the file that contains it.

    Args:
        documents: The user's documents.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._all = " and ".join(dict.fromkeys(item.label for item in documents))
        self._document_by_name: dict[str, Document] = {}
        self._old: dict[str, str] = {}
        for item in documents:
            for name in _names_in(item):
                self._document_by_name[name] = item
                if isinstance(item.content, v0_1.PartialConfiguration):
                    self._old[name] = item.label

    def of(self, name: object) -> str:
        """Return the name of the file that contains a model or program.

        Args:
            name: Its full name.
        """
        text = str(name)
        module, _, _ = text.rpartition(".")
        document = self._document_by_name.get(text)
        if document is not None:
            return document.label
        return f"module {module}" if module else self._all

    def model(self, model: v0_2.Model, line: int | None = None) -> str:
        """Return the start of a message about a model: its file and its name.

        Args:
            model: The model.
            line: The line that the message is about, if it is known.
        """
        base, _, where = str(model.name).partition(_CUSTOMISED)
        suffix = f" (as customised for '{where}')" if where else ""
        place = "" if line is None else f", line {line}"
        return f"{self.of(base)}{place}: in model '{base}'{suffix}"

    def line_of(self, model: v0_2.Model, *path: str) -> int | None:
        """Return the line of a part of a model, such as `components` and a name; None if unknown.

        Args:
            model: The model.
            path: The keys below it.
        """
        tree, above = self._in_tree(model)
        return None if tree is None else line_of(tree, [*above, *path])

    def line_of_conduit(self, model: v0_2.Model, conduit: v0_2.Conduit) -> int | None:
        """Return the line of a conduit of a model; None if it is unknown.

        Args:
            model: The model.
            conduit: The conduit.
        """
        tree, above = self._in_tree(model)
        if tree is None:
            return None
        path = [*above, "conduits", str(conduit.sender)]
        return line_of_conduit(tree, path, str(conduit.receiver))

    def _in_tree(self, model: v0_2.Model) -> tuple[yaml.Node | None, list[str]]:
        name = str(model.name).partition(_CUSTOMISED)[0]
        document = self._document_by_name.get(name)
        if document is None:
            return None, []
        is_new = isinstance(document.content, v0_2.Configuration)
        return document.tree, ["models", name] if is_new else ["model"]

    def conversion_advice(self, model: v0_2.Model) -> str:
        """Return a sentence on how to use what only v0.2 has, if a model's file is a v0.1 file."""
        label = self._old.get(str(model.name))
        if label is None:
            return ""
        return (
            " Version 0.1 files have no timelines and no filters: first convert it to v0.2, with"
            f" 'conjoin convert {label} NEW_FILE', then edit the new file."
        )

    def place(self, section: str, *path: str) -> str:
        """Return the file and line of a part of the files, or the names of all files.

        Args:
            section: A key at the top of a file of v0.2.
            path: The keys below it.
        """
        for item in reversed(self._documents):
            is_old = isinstance(item.content, v0_1.PartialConfiguration)
            top = _OLD_SECTIONS.get(section, section) if is_old else section
            line = None if item.tree is None else line_of(item.tree, [top, *path])
            if line is not None:
                return f"{item.label}, line {line}"
        return self._all

    def everything(self) -> str:
        """Return the names of all files, as text."""
        return self._all


def _names_in(document: Document) -> list[str]:
    content = document.content
    if isinstance(content, v0_2.Configuration):
        return [*map(str, content.models), *map(str, content.programs)]
    model = [str(content.model.name)] if isinstance(content.model, v0_1.Model) else []
    return [*model, *map(str, content.implementations)]
