"""The store for each kind of place. A model imports this, so it is to be little.

What makes a store work is imported when there is something to store.
"""

from __future__ import annotations

from application.interfaces.snapshot_store import SnapshotStore
from domain.checkpointing.instance_snapshot import is_url


def open_store(place: str) -> SnapshotStore:
    """Return the store for a directory or a URL, or for the location of a snapshot.

    Raises:
        OSError: If it cannot be had; the text says why.
    """
    if not is_url(place):
        from pathlib import Path

        from adapters.filesystem.snapshot_store import FilesystemSnapshotStore

        return FilesystemSnapshotStore(Path(place))
    try:
        # Not everybody has it, and it takes a while.
        from adapters.fsspec.snapshot_store import FsspecSnapshotStore
    except ImportError as error:
        msg = (
            f"'{place}' needs the Python package fsspec, which is not installed here."
            " Install it: pip install fsspec"
        )
        raise OSError(msg) from error
    return FsspecSnapshotStore(place)
