"""Finds the file that contains a model or program, for messages."""

from __future__ import annotations

from collections.abc import Sequence

from ymmsl import v0_1, v0_2

from adapters.ymmsl_files.reading.documents import Document

_CUSTOMISED = "__customised_for__"


class Origins:
    """Maps each model and program to the file that contains it.

    Args:
        documents: The user's documents.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self._all = " and ".join(dict.fromkeys(item.label for item in documents))
        self._label_by_name: dict[str, str] = {}
        self._old: dict[str, str] = {}
        for item in documents:
            for name in _names_in(item):
                self._label_by_name[name] = item.label
                if isinstance(item.content, v0_1.PartialConfiguration):
                    self._old[name] = item.label

    def of(self, name: object) -> str:
        """Return the name of the file that contains a model or program.

        Args:
            name: Its full name.
        """
        text = str(name)
        module, _, _ = text.rpartition(".")
        return self._label_by_name.get(text, f"module {module}" if module else self._all)

    def model(self, model: v0_2.Model) -> str:
        """Return the start of a message about a model: its file and its name."""
        base, _, where = str(model.name).partition(_CUSTOMISED)
        suffix = f" (as customised for '{where}')" if where else ""
        return f"{self.of(base)}: in model '{base}'{suffix}"

    def conversion_advice(self, model: v0_2.Model) -> str:
        """Return a sentence on how to use what only v0.2 has, if a model's file is a v0.1 file."""
        label = self._old.get(str(model.name))
        if label is None:
            return ""
        return (
            " Version 0.1 files have no timelines and no filters: first convert it to v0.2, with"
            f" 'conjoin convert {label} NEW_FILE', then edit the new file."
        )

    def everything(self) -> str:
        """Return the names of all files, as text."""
        return self._all


def _names_in(document: Document) -> list[str]:
    content = document.content
    if isinstance(content, v0_2.Configuration):
        return [*map(str, content.models), *map(str, content.programs)]
    model = [str(content.model.name)] if isinstance(content.model, v0_1.Model) else []
    return [*model, *map(str, content.implementations)]
