"""Workflow snapshot stores: where the workflow snapshots of a run are kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from domain.checkpointing.workflow_snapshot import (
    RegisteredSnapshot,
    StoredWorkflowSnapshot,
    WorkflowSnapshot,
    WorkflowSnapshotRecord,
)

EnsureStored: TypeAlias = Callable[[RegisteredSnapshot], str]
"""Makes an instance snapshot durable and returns its final location; raises OSError."""


class WorkflowSnapshotFormat(Protocol):
    """The format of workflow snapshot files."""

    @abstractmethod
    def dump(self, record: WorkflowSnapshotRecord) -> str:
        """Return the text of a file with these contents."""

    @abstractmethod
    def load(self, text: str) -> WorkflowSnapshotRecord:
        """Return the contents of a file.

        Raises:
            ConfigurationError: If the text is not a workflow snapshot, or has been altered.
        """


class AnnouncementResult(NamedTuple):
    """Whether a workflow snapshot could be announced.

    Attributes:
        snapshot: The workflow snapshot.
        location: Where it has been stored; empty if it could not be announced.
        problem: Why not; empty if it was announced.
    """

    snapshot: WorkflowSnapshot
    location: str
    problem: str = ""


class WorkflowSnapshotStore(Protocol):
    """Stores the workflow snapshots of a run."""

    @abstractmethod
    def announce(
        self, snapshot: WorkflowSnapshot, report: Callable[[AnnouncementResult], None]
    ) -> None:
        """Make a workflow snapshot visible to users, once the snapshots that it names are durable.

        Returns at once. Each gets a location of its own, and they become visible in the order in
        which they were announced.

        Args:
            snapshot: The workflow snapshot.
            report: Called once when this has succeeded or failed, on any thread.
        """

    @abstractmethod
    def list(self) -> Sequence[StoredWorkflowSnapshot]:
        """Return the workflow snapshots in this store, the oldest first.

        Raises:
            OSError: If they cannot be listed.
        """

    @abstractmethod
    def read(self, location: str) -> StoredWorkflowSnapshot:
        """Return the workflow snapshot at a location; if there is none, `problem` says so."""

    @abstractmethod
    def remove(self, location: str) -> None:
        """Remove a workflow snapshot, but not the instance snapshots that it names.

        Raises:
            OSError: If it cannot be removed.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish all announcements, and release resources. May be called twice."""
