"""Where an instance keeps its snapshots."""

from abc import abstractmethod
from typing import Protocol

from domain.checkpointing.instance_snapshot import Snapshot
from domain.identity import Reference


class SnapshotRepository(Protocol):
    """Keeps the snapshots of instances."""

    @abstractmethod
    def check(self, directory: str | None) -> None:
        """Check that snapshots can be put somewhere, as far as that is seen without doing so.

        Args:
            directory: Where; None for the working directory.

        Raises:
            ConfigurationError: If not; the text says what is missing.
        """

    @abstractmethod
    def store(
        self, directory: str | None, instance: Reference, number: int, snapshot: Snapshot
    ) -> str:
        """Store a snapshot; it is safe when this returns.

        Args:
            directory: Where to put it, a path or a URL; None for the working directory.
            instance: Whose it is.
            number: Counts from 1 for each instance of a run.
            snapshot: What to store.

        Returns:
            Its location, by which it is found again.

        Raises:
            OSError: If it cannot be stored; nothing that looks like a snapshot is left then.
        """

    @abstractmethod
    def load(self, location: str) -> Snapshot:
        """Return the snapshot at a location.

        Raises:
            ForeignSnapshot: If another library wrote it, and it cannot be decoded here.
            InconsistentSnapshot: If there is none, or it is damaged, or of an unknown version; the
                text says which, and where.
        """
