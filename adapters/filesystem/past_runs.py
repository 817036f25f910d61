"""Finds the run directories of earlier runs."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from typing_extensions import override

from application.interfaces.past_runs import PastRuns

_NAME_BY_MANAGER: Final = re.compile(r"run_(.+)_\d{8}_\d{6}(?:_\d+)?")


@final
class FilesystemPastRuns(PastRuns):
    """Searches the current directory, and the siblings of a directory that the user chose.

    In the current directory, it skips run directories whose generated names contain another model.
    Names that the user chose do not contain the model.
    """

    @override
    def of_model(self, model: str, *, near: Path | None = None) -> Sequence[Path]:
        found = [path for path in _children(Path.cwd()) if _may_be_of(path, model)]
        if near is not None:
            found += _children(near.absolute().parent)
        return sorted({path for path in found if _has_snapshots(path)}, key=_key)

    @override
    def searched(self, *, near: Path | None = None) -> Sequence[Path]:
        siblings = [] if near is None else [near.absolute().parent]
        return list(dict.fromkeys([Path.cwd(), *siblings]))

    @override
    def is_directory(self, path: Path) -> bool:
        return path.is_dir()

    @override
    def exists(self, path: Path) -> bool:
        return path.exists()


def _may_be_of(path: Path, model: str) -> bool:
    match = _NAME_BY_MANAGER.fullmatch(path.name)
    return match is None or match[1] == model


def _children(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except OSError:
        return []


def _has_snapshots(path: Path) -> bool:
    # unlike Path.is_dir(), this does not raise for directories of other users
    return os.path.isdir(path / "snapshots")  # noqa: PTH112


def _key(path: Path) -> tuple[int, str]:
    # the second of two runs started within one second has the suffix _2
    return len(path.name), path.name
