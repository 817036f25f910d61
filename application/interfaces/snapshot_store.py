"""Where snapshots are kept: those of instances, and those of the whole workflow."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from domain.checkpointing.instance_snapshot import RegisteredSnapshot, WorkflowSnapshot
from domain.identity import Reference

if TYPE_CHECKING:
    from pathlib import Path  # takes 3 ms to import, which an instance need not wait for


class SnapshotStore(Protocol):
    """Keeps snapshots of instances, as bytes. A location is a text by which one is found again.

    Every method raises FileNotFoundError where there is nothing at a location, and another OSError,
    whose text says what is wrong, where the storage fails. None of these gets better by trying
    again at once.
    """

    @abstractmethod
    def store(self, instance: Reference, number: int, data: bytes) -> str:
        """Store a snapshot and return its location.

        When this returns the snapshot is safe, even if the machine stops. If it raises, or never
        returns because the machine stopped, there is no half of it: `locations` does not name it,
        or names it and it is whole. One that was there under the same number is replaced.

        Args:
            instance: Whose it is.
            number: Counts from 1 for each instance of a run.
            data: What to store.
        """

    @abstractmethod
    def load(self, location: str) -> bytes:
        """Return what was stored."""

    @abstractmethod
    def size(self, location: str) -> int:
        """Return how many bytes were stored."""

    @abstractmethod
    def secure(self, location: str) -> None:
        """Make sure that a snapshot is safe which somebody else may have stored there."""

    @abstractmethod
    def locations(self) -> Sequence[str]:
        """Return where all snapshots are that were stored here, in the order of their names."""

    @abstractmethod
    def remove(self, location: str) -> None:
        """Remove a snapshot."""

    @abstractmethod
    def local_path(self, location: str, *, scratch: Path) -> str:
        """Return the absolute path of a file that has the same content.

        Other programs, such as those that use MUSCLE3, can open it.

        Args:
            location: Where it is.
            scratch: A directory for a copy, if there has to be one.
        """


OpenStore: TypeAlias = Callable[[str], SnapshotStore]
"""Returns the store for a place: one where snapshots go, or the location of one that is there.

Raises OSError if it cannot be had.
"""

EnsureStored: TypeAlias = Callable[[RegisteredSnapshot], str]
"""Sees to it that a snapshot is safe, and returns where it is from now on; raises OSError."""


class WorkflowSnapshotFormat(Protocol):
    """The form of a file from which a simulation can be resumed."""

    @abstractmethod
    def dump(self, description: str, resume: Mapping[Reference, str]) -> str:
        """Return the text of a file.

        Args:
            description: What it is, for people.
            resume: Location of the snapshot of each instance.
        """

    @abstractmethod
    def load(self, text: str) -> tuple[str, Mapping[Reference, str]]:
        """Return the description and the locations that are in a text.

        Raises:
            ConfigurationError: If it is no such text, or not as it was when it was made.
        """


class AnnouncementResult(NamedTuple):
    """What became of a workflow snapshot that was to be announced.

    Attributes:
        snapshot: Which.
        location: Where it is now; empty if it could not be announced.
        problem: Why not, in words; empty if it was.
    """

    snapshot: WorkflowSnapshot
    location: str
    problem: str = ""


class StoredWorkflowSnapshot(NamedTuple):
    """A workflow snapshot that was announced.

    Attributes:
        location: Where it is.
        description: What it is, for people.
        resume: Location of the snapshot of each instance.
        problem: Why it cannot be used, in words; empty if it can.
        taken: When it was announced, as `2026-11-20 22:48:39` in local time; empty if that is not
            known.
        moment: The same, in seconds since the epoch; 0.0 if that is not known.
        moved_from: Where the run was when it was announced, if what it names is somewhere else by
            now; `resume` says where. Empty if nothing has moved.
    """

    location: str
    description: str
    resume: Mapping[Reference, str]
    problem: str = ""
    taken: str = ""
    moment: float = 0.0
    moved_from: str = ""


class WorkflowSnapshotStore(Protocol):
    """Keeps the workflow snapshots of a run."""

    @abstractmethod
    def announce(
        self, snapshot: WorkflowSnapshot, report: Callable[[AnnouncementResult], None]
    ) -> None:
        """Put a workflow snapshot where users find it, once all that it names is safe.

        Returns at once. No two get the same name, and they are put there in the order in which
        they were announced.

        Args:
            snapshot: What to announce.
            report: Called once when that was done, or has failed; on any thread.
        """

    @abstractmethod
    def list(self) -> Sequence[StoredWorkflowSnapshot]:
        """Return those that are there, the oldest first.

        Raises:
            OSError: If it cannot be found out.
        """

    @abstractmethod
    def read(self, location: str) -> StoredWorkflowSnapshot:
        """Return the one at a location; if there is none, its `problem` says so."""

    @abstractmethod
    def remove(self, location: str) -> None:
        """Remove a workflow snapshot; those of the instances stay.

        Raises:
            OSError: If that cannot be done.
        """

    @abstractmethod
    def close(self) -> None:
        """Announce what is waiting, and give up the storage. It may be called twice."""
