"""Predefined paths of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from typing_extensions import override

from application.interfaces.past_runs import PastRuns


@final
class InMemoryPastRuns(PastRuns):
    """Returns predefined paths.

    Args:
        here: The current directory.
        by_model: Run directories in it, by the model in their names.
        elsewhere: Run directories in other places.
        files: Paths of existing files.
    """

    def __init__(
        self,
        here: Path,
        by_model: Mapping[str, Sequence[Path]],
        *,
        elsewhere: Sequence[Path] = (),
        files: Sequence[Path] = (),
    ) -> None:
        self._here = here
        self._by_model = by_model
        self._elsewhere = elsewhere
        self._files = files

    @override
    def of_model(self, model: str, *, near: Path | None = None) -> Sequence[Path]:
        beside = [path for path in self._elsewhere if near and path.parent == near.parent]
        return [*self._by_model.get(model, ()), *beside]

    @override
    def searched(self, *, near: Path | None = None) -> Sequence[Path]:
        return list(dict.fromkeys([self._here, *([near.parent] if near else [])]))

    @override
    def is_directory(self, path: Path) -> bool:
        return any(path in paths for paths in (*self._by_model.values(), self._elsewhere))

    @override
    def exists(self, path: Path) -> bool:
        return self.is_directory(path) or path in self._files
