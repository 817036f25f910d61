"""The snapshot stores of a manager: for its own run, and for earlier runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from application.interfaces.run_directory import RunDirectory
from application.interfaces.snapshot_store import OpenStore, SnapshotStore
from application.manager.snapshots.store_location import reason_of, unusable_store
from domain.checkpointing.instance_snapshot import is_url
from domain.errors import InconsistentSnapshot
from domain.identity import Reference

_PROBE: Final = Reference("conjoin")
_PROBE_DATA: Final = b"Can a snapshot be stored here?"


@dataclass(frozen=True)
class RunSnapshotStore:
    """The stores for the instance snapshots of one run.

    Attributes:
        open_store: Returns the store that holds a snapshot.
        location: Path or URL of the store that instances write to, if they can; empty for the run
            directory.
        target: The store into which the manager moves snapshots from the run directory; None if
            they stay there.
    """

    open_store: OpenStore
    location: str = ""
    target: SnapshotStore | None = None


class SnapshotStores:
    """Opens the store for a new run, and finds the snapshots of earlier runs.

    Args:
        open_store: Returns the store for a path or a URL.
        location: Path or URL of the store for new runs; empty for the run directory.
        adapter: A store that was passed to the manager. It stores the snapshots of this run, and
            holds all snapshots of earlier runs that are not local files.
    """

    def __init__(
        self, open_store: OpenStore, *, location: str = "", adapter: SnapshotStore | None = None
    ) -> None:
        self._open_store = open_store
        self._location = location
        self._adapter = adapter

    def open(self, location: str) -> SnapshotStore:
        """Return the store for a path or a URL.

        Raises:
            OSError: If it cannot be opened.
        """
        if self._adapter is None or Path(location).is_absolute():
            return self._open_store(location)
        return self._adapter

    def is_resolvable(self, location: str) -> bool:
        """Return whether the manager can resolve the location of a snapshot.

        It cannot resolve a relative path, because it is relative to the working directory of the
        instance.
        """
        return self._adapter is not None or is_url(location) or Path(location).is_absolute()

    def holds(self, location: str) -> bool:
        """Return whether there is a snapshot at a location."""
        try:
            self.open(location).size(location)
        except OSError:
            return False
        return True

    def of_run(self, run_directory: RunDirectory, *, suffix: str) -> RunSnapshotStore:
        """Return the store for the snapshots of a run, after checking that it is writable.

        Args:
            run_directory: The directory of the run, which records the location of the store.
            suffix: A random string that distinguishes runs whose directories have the same name.

        Raises:
            ConfigurationError: If snapshots cannot be stored there.
        """
        if self._adapter is not None:
            _check_writable(self._adapter, "adapters=Adapters(snapshots=...)")
            return RunSnapshotStore(self.open, target=self._adapter)
        if not self._location:
            return RunSnapshotStore(self.open)
        location = f"{self._location}/{run_directory.path.name}_{suffix}"
        try:
            store = self._open_store(location)
        except OSError as error:
            raise unusable_store(location, reason_of(error)) from error
        _check_writable(store, self._location)
        run_directory.save_snapshot_store(location)
        return RunSnapshotStore(self.open, location, store if is_url(location) else None)

    def local_copies(
        self, resume: Mapping[Reference, str], run_directory: RunDirectory
    ) -> dict[Reference, str]:
        """Return paths of the snapshots to resume from that any instance can open.

        Args:
            resume: Locations of the snapshots.
            run_directory: Receives copies of the snapshots, if copies are needed.

        Raises:
            InconsistentSnapshot: If a snapshot cannot be fetched from its store.
        """
        return {
            name: self._local_path(location, run_directory) for name, location in resume.items()
        }

    def _local_path(self, location: str, run_directory: RunDirectory) -> str:
        if Path(location).is_absolute() or not self.is_resolvable(location):
            return location
        try:
            scratch = run_directory.fetched_snapshot_directory()
            return self.open(location).local_path(location, scratch=scratch)
        except OSError as error:
            msg = f"Snapshot '{location}' cannot be fetched: {reason_of(error)}."
            raise InconsistentSnapshot(msg) from error


def _check_writable(store: SnapshotStore, name: str) -> None:
    """Check that a store returns the data that was stored in it.

    Args:
        store: The store.
        name: Its name for error messages.

    Raises:
        ConfigurationError: If the store fails or returns other data.
    """
    try:
        location = store.store(_PROBE, 0, _PROBE_DATA)
        found = store.load(location)
        store.remove(location)
    except OSError as error:
        raise unusable_store(name, reason_of(error)) from error
    if found != _PROBE_DATA:
        raise unusable_store(name, "it returned data that differs from what was stored")
