"""Workflow snapshot stores: where the workflow snapshots of a run are stored."""

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
        """Encode a workflow snapshot as the contents of a file."""

    @abstractmethod
    def load(self, text: str) -> WorkflowSnapshotRecord:
        """Decode the contents of a file.

        Raises:
            ConfigurationError: If the text is not a workflow snapshot, or has been altered.
        """


class AnnouncementResult(NamedTuple):
    """The result of announcing a workflow snapshot.

    Attributes:
        snapshot: The workflow snapshot.
        location: Where it is stored; empty if announcing it failed.
        problem: Why announcing it failed; empty if it succeeded.
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
        """Make a workflow snapshot visible to users after its snapshots are durable.

        Does not block. Each workflow snapshot gets its own location; they become visible in the
        order in which they were announced.

        Args:
            snapshot: The workflow snapshot.
            report: Called once with the result, on any thread.
        """

    @abstractmethod
    def list(self) -> Sequence[StoredWorkflowSnapshot]:
        """Return the workflow snapshots in this store, oldest first.

        Raises:
            OSError: If they cannot be listed.
        """

    @abstractmethod
    def read(self, location: str) -> StoredWorkflowSnapshot:
        """Return the workflow snapshot at a location; `problem` is set if it is missing."""

    @abstractmethod
    def remove(self, location: str) -> None:
        """Remove a workflow snapshot, but not the instance snapshots that it names.

        Raises:
            OSError: If it cannot be removed.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish all announcements, and release resources. Idempotent.

        Raises:
            TimeoutError: If the storage hangs, so that the last announcements cannot be finished.
        """
