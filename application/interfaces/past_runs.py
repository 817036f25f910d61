"""Earlier runs, and the files that a user may resume from."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class PastRuns(Protocol):
    """Finds the run directories of earlier runs."""

    @abstractmethod
    def of_model(self, model: str, *, near: Path | None = None) -> Sequence[Path]:
        """Return the run directories of earlier runs of a model, in the order of their names.

        Directories whose names do not reveal the model are included.

        Args:
            model: Name of the model.
            near: The directory of the new run, if the user gave one: its siblings are searched too.
        """

    @abstractmethod
    def searched(self, *, near: Path | None = None) -> Sequence[Path]:
        """Return the directories that `of_model` searches, each once."""

    @abstractmethod
    def is_directory(self, path: Path) -> bool:
        """Return whether a path is an existing directory, such as a run directory."""

    @abstractmethod
    def exists(self, path: Path) -> bool:
        """Return whether there is a file or directory at a path."""
