"""Finds the directories of earlier runs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

_GIVEN_NAME: Final = re.compile(r"run_(.+)_\d{8}_\d{6}(?:_\d+)?")


def past_runs(model: str, *, near: Path | None = None) -> list[Path]:
    """Return the directories of earlier runs in the order of their names.

    They are in the current directory, or beside a directory that the user chose. Those with names
    that a manager has given to runs of other models are left out; other names say nothing.

    Args:
        model: Name of the model.
        near: The directory of the new run; None if it is to be made.
    """
    found = [path for path in _children(Path.cwd()) if _may_be_of(path, model)]
    if near is not None:
        found += _children(near.absolute().parent)
    # Of two runs that began in one second, the second has _2 at its end.
    return sorted({path for path in found if _has_snapshots(path)}, key=_key)


def _may_be_of(path: Path, model: str) -> bool:
    match = _GIVEN_NAME.fullmatch(path.name)
    return match is None or match[1] == model


def _children(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except OSError:
        return []


def _has_snapshots(path: Path) -> bool:
    # Path.is_dir() raises where others may not look, as in the directories of other users.
    return os.path.isdir(path / "snapshots")  # noqa: PTH112


def _key(path: Path) -> tuple[int, str]:
    return len(path.name), path.name
