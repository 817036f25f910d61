"""Opens the snapshot store for a path or a URL.

Models import this module, so backends are imported lazily to keep their start-up fast.
"""

from __future__ import annotations

from application.interfaces.snapshot_store import SnapshotStore
from domain.checkpointing.instance_snapshot import is_url


def open_store(location: str) -> SnapshotStore:
    """Return the store at a path or URL, or the store of the snapshot at that location.

    Raises:
        OSError: If it cannot be opened; the message says why.
    """
    return _opened(location, is_confined=False)


def open_confined_store(location: str) -> SnapshotStore:
    """Return the store at a path or URL, which accesses nothing outside of it.

    Raises:
        OSError: If it cannot be opened; the message says why.
    """
    return _opened(location, is_confined=True)


def _opened(location: str, *, is_confined: bool) -> SnapshotStore:
    if not is_url(location):
        from pathlib import Path

        from adapters.filesystem.snapshot_store import FilesystemSnapshotStore

        return FilesystemSnapshotStore(Path(location), is_confined=is_confined)
    try:
        # imported lazily: optional, and slow to import
        from adapters.fsspec.snapshot_store import FsspecSnapshotStore
    except ImportError as error:
        msg = (
            f"'{location}' needs the Python package fsspec, which is not installed here."
            " Install it: pip install fsspec"
        )
        raise OSError(msg) from error
    return FsspecSnapshotStore(location, is_confined=is_confined)
