"""Instance snapshots as values, wherever and in whatever format they are stored."""

from abc import abstractmethod
from typing import Protocol

from domain.checkpointing.instance_snapshot import Snapshot
from domain.identity import Reference


class SnapshotRepository(Protocol):
    """Encodes instance snapshots for a snapshot store, and decodes those that it loads from one."""

    @abstractmethod
    def check(self, directory: str | None) -> None:
        """Check whether snapshots can be stored somewhere, as far as possible without storing one.

        Args:
            directory: Path or URL of the store; None for the working directory.

        Raises:
            ConfigurationError: If not; the message names what is missing.
        """

    @abstractmethod
    def add(
        self, directory: str | None, instance: Reference, number: int, snapshot: Snapshot
    ) -> str:
        """Add a snapshot; it is durable when this returns.

        Args:
            directory: Path or URL of the store; None for the working directory.
            instance: The instance that made it.
            number: Counts from 1 for each instance of a run.
            snapshot: The snapshot.

        Returns:
            Its location, to pass to `load`.

        Raises:
            OSError: If it cannot be stored; then no partial snapshot remains.
        """

    @abstractmethod
    def load(self, location: str) -> Snapshot:
        """Return the snapshot at a location.

        Raises:
            ForeignSnapshot: If another library wrote it, and it cannot be decoded here.
            InconsistentSnapshot: If it does not exist, is damaged or has an unknown version; the
                message says which, and names the location.
        """
