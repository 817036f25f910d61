"""Snapshot repositories: instance snapshots as values, in any format and store."""

from abc import abstractmethod
from typing import Protocol

from domain.checkpointing.instance_snapshot import Snapshot
from domain.identity import Reference


class SnapshotRepository(Protocol):
    """Encodes instance snapshots for a snapshot store, and decodes stored ones."""

    @abstractmethod
    def check(self, directory: str | None) -> None:
        """Check that snapshots can be stored in a directory, without storing one.

        Temporary files that killed programs have left there are removed.

        Args:
            directory: Path or URL of the store; None for the working directory.

        Raises:
            ConfigurationError: If they cannot; the message names what is missing.
        """

    @abstractmethod
    def add(
        self, directory: str | None, instance: Reference, number: int, snapshot: Snapshot
    ) -> str:
        """Store a snapshot; it is durable when this returns.

        Args:
            directory: Path or URL of the store; None for the working directory.
            instance: The instance that made it.
            number: Number of the snapshot; starts at 1 for each instance of a run.
            snapshot: The snapshot.

        Returns:
            Its location, to pass to `load`.

        Raises:
            OSError: If it cannot be stored; no partial snapshot remains.
        """

    @abstractmethod
    def load(self, location: str) -> Snapshot:
        """Return the snapshot at a location.

        Raises:
            ForeignSnapshot: If another library wrote it, and it cannot be decoded here.
            InconsistentSnapshot: If it does not exist, is damaged or has an unknown version; the
                message says which, and names the location.
        """
