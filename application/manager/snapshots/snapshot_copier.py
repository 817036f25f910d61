"""Copies instance snapshots into the snapshot store of the run."""

from __future__ import annotations

from contextlib import suppress

from application.interfaces.snapshot_store import OpenStore, SnapshotStore
from domain.checkpointing.instance_snapshot import is_url
from domain.checkpointing.workflow_snapshot import RegisteredSnapshot


class SnapshotCopier:
    """Makes instance snapshots durable before a workflow snapshot that names them is announced.

    Not every instance can write to the store of the run: instances with MUSCLE3's library write
    files, and a store that was passed to the manager as an adapter is available only there. Such
    instances write into the run directory; this moves their snapshots into the store.

    Args:
        open_store: Returns the store that holds a snapshot.
        target: The store of the run, if instances do not write to it themselves.
    """

    def __init__(self, open_store: OpenStore, *, target: SnapshotStore | None = None) -> None:
        self._open_store = open_store
        self._target = target

    def ensure_stored(self, snapshot: RegisteredSnapshot) -> str:
        """Make a snapshot durable in the store of the run, and return its final location.

        Args:
            snapshot: The snapshot, as its instance registered it.

        Raises:
            OSError: If the snapshot does not exist or cannot be stored.
        """
        location = snapshot.metadata.snapshot_filename
        source = self._open_store(location)
        if self._target is None or is_url(location):
            # MUSCLE3's library does not flush its snapshots to disk
            source.secure(location)
            return location
        copied = self._target.store(snapshot.instance, snapshot.number, source.load(location))
        with suppress(OSError):
            # the copy is durable, so a remaining original does no harm
            source.remove(location)
        return copied
