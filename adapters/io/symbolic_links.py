"""Describes symbolic links that lead nowhere, which look like missing files."""

from __future__ import annotations

from pathlib import Path


def dangling_link(path: Path) -> str | None:
    """Return a sentence about the symbolic link that makes a path invalid; None without one.

    Args:
        path: A path that does not exist. The link may also be one of the directories in it.
    """
    for link in (path, *path.parents):
        try:
            is_dangling = link.is_symlink() and not link.exists()
            target = link.readlink() if is_dangling else None
        except OSError:
            return None
        if target is not None:
            what = "It" if link == path else f"'{link}'"
            return (
                f"{what} is a symbolic link to '{target}', which does not exist. Create that, or"
                " correct the link."
            )
    return None
