"""A workflow snapshot store that is kept in a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from typing_extensions import override

from application.interfaces.workflow_snapshot_store import (
    AnnouncementResult,
    EnsureStored,
    WorkflowSnapshotStore,
)
from domain.checkpointing.workflow_snapshot import (
    StoredWorkflowSnapshot,
    WorkflowSnapshot,
    WorkflowSnapshotRecord,
    describe,
)
from domain.model.configuration import ResumeOrigin


@final
class InMemoryWorkflowSnapshotStore(WorkflowSnapshotStore):
    """Keeps workflow snapshots in memory.

    Args:
        ensure_stored: Makes the instance snapshots of a workflow snapshot durable.

    Attributes:
        announced: All announced workflow snapshots.
        closed: Whether `close` was called.
    """

    def __init__(self, ensure_stored: EnsureStored) -> None:
        self._ensure_stored = ensure_stored
        self.announced: list[WorkflowSnapshot] = []
        self._stored: list[StoredWorkflowSnapshot] = []
        self.closed = False

    @override
    def announce(
        self, snapshot: WorkflowSnapshot, report: Callable[[AnnouncementResult], None]
    ) -> None:
        try:
            resume = {item.instance: self._ensure_stored(item) for item in snapshot.snapshots}
        except OSError as error:
            report(AnnouncementResult(snapshot, "", str(error)))
            return
        location = f"in_memory:{len(self.announced)}"
        self.announced.append(snapshot)
        record = WorkflowSnapshotRecord(
            resume,
            ResumeOrigin(snapshot.model, frozenset(map(str, snapshot.from_scratch))),
            description=describe(snapshot, taken="just now"),
        )
        self._stored.append(StoredWorkflowSnapshot(location, record))
        report(AnnouncementResult(snapshot, location))

    @override
    def list(self) -> Sequence[StoredWorkflowSnapshot]:
        return tuple(self._stored)

    @override
    def read(self, location: str) -> StoredWorkflowSnapshot:
        for stored in self._stored:
            if stored.location == location:
                return stored
        return StoredWorkflowSnapshot(location, problem="there is nothing there")

    @override
    def remove(self, location: str) -> None:
        stored = self.read(location)
        if stored.problem:
            raise FileNotFoundError(f"There is no workflow snapshot at '{location}'.")
        self._stored.remove(stored)

    @override
    def close(self) -> None:
        self.closed = True
