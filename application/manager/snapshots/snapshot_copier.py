"""Brings the snapshots that belong together to where they are kept."""

from __future__ import annotations

from contextlib import suppress

from application.interfaces.snapshot_store import OpenStore, SnapshotStore
from domain.checkpointing.instance_snapshot import RegisteredSnapshot, is_url


class SnapshotCopier:
    """Sees to it that each snapshot is safe before it is announced.

    Not every instance can put its snapshots into the store of the run: those of MUSCLE3 write
    files, and nobody but the manager has a store that was handed in to it. What such an instance
    has written into the run directory is moved.

    Args:
        open_store: Returns the store in which a snapshot is.
        store: Where they are to be kept, if not where the instances put them.
    """

    def __init__(self, open_store: OpenStore, *, store: SnapshotStore | None = None) -> None:
        self._open_store = open_store
        self._store = store

    def ensure_stored(self, state: RegisteredSnapshot) -> str:
        """Make sure that a snapshot is safe, and return where it is from now on.

        Args:
            state: The snapshot, as an instance made it known.

        Raises:
            OSError: If it is not there, or cannot be kept.
        """
        location = state.snapshot.snapshot_filename
        found_in = self._open_store(location)
        if self._store is None or is_url(location):
            # MUSCLE3's instances do not wait until theirs are on the disk.
            found_in.secure(location)
            return location
        kept = self._store.store(state.instance, state.number, found_in.load(location))
        with suppress(OSError):
            found_in.remove(location)  # it is safe elsewhere now
        return kept
