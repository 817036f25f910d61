"""Finds the directories of earlier runs."""

from __future__ import annotations

import os
from pathlib import Path


def past_runs(model: str, *, near: Path | None = None) -> list[Path]:
    """Return the directories of earlier runs in the order of their names.

    Those in the current directory are found by the name that they get from the manager. Beside a
    directory that the user chose, others have names that the user chose too.

    Args:
        model: Name of the model.
        near: The directory of the new run; None if it is to be made.
    """
    found = [path for path in _children(Path.cwd()) if path.name.startswith(f"run_{model}_")]
    if near is not None:
        found += _children(near.absolute().parent)
    # Of two runs that began in one second, the second has _2 at its end.
    return sorted({path for path in found if _has_snapshots(path)}, key=_key)


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
