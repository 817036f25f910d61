"""Copies instance snapshots into the snapshot store of the run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from application.interfaces.run_directory import RunDirectory
from application.interfaces.snapshot_store import OpenStore, SnapshotStore
from domain.checkpointing.instance_snapshot import is_url
from domain.checkpointing.workflow_snapshot import RegisteredSnapshot

OpenSource: TypeAlias = Callable[[RegisteredSnapshot], SnapshotStore]


class SnapshotCopier:
    """Makes instance snapshots durable before a workflow snapshot that names them is announced.

    Not every instance can write to the store of the run: instances with MUSCLE3's library write
    files, and a store that was passed to the manager as an adapter is available only there. Such
    instances write into the run directory; this moves their snapshots into the store.

    Args:
        open_source: Returns the store that an instance may have written its snapshot to. It is
            confined, since the location of the snapshot comes from another program.
        target: The store of the run, if instances do not write to it themselves.
    """

    def __init__(self, open_source: OpenSource, *, target: SnapshotStore | None = None) -> None:
        self._open_source = open_source
        self._target = target

    def ensure_stored(self, snapshot: RegisteredSnapshot) -> str:
        """Make a snapshot durable in the store of the run, and return its final location.

        Args:
            snapshot: The snapshot, as its instance registered it.

        Raises:
            OSError: If the snapshot does not exist, is not where the instance may store it, or
                cannot be stored.
        """
        try:
            return self._ensure_stored(snapshot)
        except PermissionError as error:
            msg = f"the snapshot of instance '{snapshot.instance}' cannot be used: {error}"
            raise PermissionError(msg) from error

    def _ensure_stored(self, snapshot: RegisteredSnapshot) -> str:
        location = snapshot.metadata.snapshot_filename
        source = self._open_source(snapshot)
        if self._target is None or is_url(location):
            # MUSCLE3's library does not flush its snapshots to disk
            source.secure(location)
            return location
        copied = self._target.store(snapshot.instance, snapshot.number, source.load(location))
        with suppress(OSError):
            # the copy is durable, so a remaining original does no harm
            source.remove(location)
        return copied


class SnapshotSources:
    """Returns where each instance may have stored a snapshot.

    Args:
        open_confined: Returns a store for a path or URL that accesses nothing outside of it.
        run_directory: The run directory.
        location: Path or URL of the store that instances write to, if they can; empty for the run
            directory.
    """

    def __init__(
        self, open_confined: OpenStore, *, run_directory: RunDirectory, location: str = ""
    ) -> None:
        self._open_confined = open_confined
        self._run_directory = run_directory
        self._location = location

    def source_of(self, snapshot: RegisteredSnapshot) -> SnapshotStore:
        """Return the store that holds a snapshot, if it is where its instance may store it.

        Raises:
            OSError: If the store cannot be opened.
        """
        is_in_store = is_url(self._location) == is_url(snapshot.metadata.snapshot_filename)
        if self._location and is_in_store:
            return self._open_confined(self._location)
        directory = self._run_directory.instance_path(snapshot.instance) / "snapshots"
        return self._open_confined(str(directory))
