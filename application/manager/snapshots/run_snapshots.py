"""Lists, examines and prunes the snapshots of one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from application.interfaces.snapshot_repository import SnapshotRepository
from application.interfaces.snapshot_store import LeftoverRemover, OpenStore, SnapshotStore
from application.interfaces.workflow_snapshot_store import (
    WorkflowSnapshotStore,
)
from application.manager.snapshots.examined_snapshots import (
    ExaminedSnapshot,
    ExaminedWorkflowSnapshot,
)
from domain.checkpointing.model_differences import unchecked_snapshot
from domain.checkpointing.workflow_snapshot import StoredWorkflowSnapshot
from domain.errors import ForeignSnapshot, InconsistentSnapshot
from domain.identity import Reference


@dataclass(frozen=True, slots=True)
class PruneResult:
    """The result of `RunSnapshots.prune`.

    Attributes:
        workflow_snapshots: Former locations of the workflow snapshots.
        snapshots: Former locations of the instance snapshots.
        size: Total size of the removed instance snapshots, in bytes.
        kept: Number of remaining workflow snapshots.
    """

    workflow_snapshots: tuple[str, ...]
    snapshots: tuple[str, ...]
    size: int
    kept: int


class RunSnapshots:
    """The workflow snapshots of a run, with the instance snapshots that they name.

    Args:
        workflow_snapshots: Stores the workflow snapshots.
        repository: Loads instance snapshots.
        open_store: Returns the store that holds an instance snapshot.
        stores: The stores to prune.
    """

    def __init__(
        self,
        workflow_snapshots: WorkflowSnapshotStore,
        *,
        repository: SnapshotRepository,
        open_store: OpenStore,
        stores: Sequence[SnapshotStore] = (),
    ) -> None:
        self._workflow_snapshots = workflow_snapshots
        self._repository = repository
        self._open_store = open_store
        self._stores = stores

    def newest_first(self) -> Iterator[ExaminedWorkflowSnapshot]:
        """Yield the workflow snapshots, examining each lazily.

        Raises:
            OSError: If they cannot be listed.
        """
        for stored in reversed(self._workflow_snapshots.list()):
            yield self._examined(stored)

    def stored(self) -> Sequence[StoredWorkflowSnapshot]:
        """Return the workflow snapshots, oldest first, without examining them.

        Raises:
            OSError: If they cannot be listed.
        """
        return self._workflow_snapshots.list()

    def examine(self, location: str) -> ExaminedWorkflowSnapshot:
        """Return the workflow snapshot at a location, examined."""
        return self._examined(self._workflow_snapshots.read(location))

    def prune(self, *, keep: int) -> PruneResult:
        """Remove all but the newest sound workflow snapshots, and their instance snapshots.

        Keeps instance snapshots that a remaining workflow snapshot names, and those newer than
        the ones in the newest workflow snapshot: if the run is still active, the next workflow
        snapshot may name them. Also removes the temporary files of killed writers.

        Args:
            keep: Number of sound workflow snapshots to keep. If there are fewer, nothing is
                removed.

        Raises:
            ValueError: If `keep` is less than 1.
            OSError: If something cannot be removed.
        """
        if keep < 1:
            msg = f"at least 1 workflow snapshot must be kept, not {keep}"
            raise ValueError(msg)
        for store in self._stores:
            if isinstance(store, LeftoverRemover):
                store.remove_leftovers()
        left, old = self._divided(keep)
        if not old:
            return PruneResult((), (), 0, len(left))
        needed = {location for item in left for location in item.resume.values()}
        unneeded = [location for store in self._stores for location in _older(store, needed)]
        for (
            item
        ) in old:  # remove these first, so that no workflow snapshot names a removed snapshot
            self._workflow_snapshots.remove(item.location)
        size = 0
        for location in unneeded:
            store = self._open_store(location)
            size += store.size(location)
            store.remove(location)
        return PruneResult(tuple(item.location for item in old), tuple(unneeded), size, len(left))

    def _divided(
        self, keep: int
    ) -> tuple[list[StoredWorkflowSnapshot], list[StoredWorkflowSnapshot]]:
        """Return the workflow snapshots to keep, and those to remove."""
        listed = list(self._workflow_snapshots.list())
        sound = 0
        for position in range(len(listed) - 1, -1, -1):
            sound += self._examined(listed[position]).is_sound
            if sound == keep:
                return listed[position:], listed[:position]
        return listed, []

    def _examined(self, stored: StoredWorkflowSnapshot) -> ExaminedWorkflowSnapshot:
        snapshots = (
            self._examined_instance(instance, location)
            for instance, location in stored.resume.items()
        )
        return ExaminedWorkflowSnapshot(stored, tuple(snapshots))

    def _examined_instance(self, instance: Reference, location: str) -> ExaminedSnapshot:
        try:
            snapshot = self._repository.load(location)
        except ForeignSnapshot as error:
            size = self._open_store(location).size(location)
            remark = unchecked_snapshot(instance, error)
            return ExaminedSnapshot(instance, location, size, remark=remark)
        except InconsistentSnapshot as error:
            return ExaminedSnapshot(instance, location, problem=str(error))
        if snapshot.instance not in ("", str(instance)):
            problem = f"Snapshot '{location}' is one of '{snapshot.instance}', not of '{instance}'."
            return ExaminedSnapshot(instance, location, problem=problem)
        metadata = snapshot.metadata(location)
        return ExaminedSnapshot(
            instance,
            location,
            self._open_store(location).size(location),
            metadata.triggers,
            metadata.wallclock_time,
            metadata.timestamp,
            metadata.is_final_snapshot,
        )


def _older(store: SnapshotStore, needed: set[str]) -> list[str]:
    """Return the unneeded snapshots in a store that are older than a needed one.

    Only snapshots of the same instance are compared: their names differ only in the number.
    """
    result: list[str] = []
    for _, group in groupby(store.locations(), key=lambda item: item.rpartition("_")[0]):
        locations = list(group)
        newest = max((index for index, item in enumerate(locations) if item in needed), default=0)
        result += [item for item in locations[:newest] if item not in needed]
    return result
