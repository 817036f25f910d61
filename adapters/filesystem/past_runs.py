"""Finds the directories of earlier runs."""

from __future__ import annotations

from pathlib import Path


def past_runs(model: str, *, near: Path | None = None) -> list[Path]:
    """Return the directories of earlier runs in the order of their names.

    Those in the current directory are found by the name that they get from the manager. Beside a
    directory that the user chose, others have names that the user chose too.

    Args:
        model: Name of the model.
        near: The directory of the new run; None if it is to be made.
    """
    here = Path.cwd()
    found = [path for path in here.iterdir() if path.name.startswith(f"run_{model}_")]
    if near is not None:
        found += near.absolute().parent.iterdir()
    # Of two runs that began in one second, the second has _2 at its end.
    return sorted({path for path in found if (path / "snapshots").is_dir()}, key=_key)


def _key(path: Path) -> tuple[int, str]:
    return len(path.name), path.name
