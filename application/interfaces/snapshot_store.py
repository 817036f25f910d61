"""Snapshot stores: where instance snapshots are kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from domain.identity import Reference

if TYPE_CHECKING:
    from pathlib import Path  # takes 3 ms to import, which slows down the start of an instance


class SnapshotStore(Protocol):
    """Stores instance snapshots, as bytes. A location is a string that identifies one of them.

    Every method raises FileNotFoundError if there is no snapshot at a location, and another OSError
    with a descriptive message if the storage fails. An immediate retry does not help in either
    case.
    """

    @abstractmethod
    def store(self, instance: Reference, number: int, data: bytes) -> str:
        """Store a snapshot and return its location.

        When this returns, the snapshot is durable, even if the machine crashes. If it raises, or
        the machine crashes before it returns, no partial snapshot exists: either `locations` does
        not list the snapshot, or it is complete. A snapshot with the same number is replaced.

        Args:
            instance: The instance that made it.
            number: Number of the snapshot; starts at 1 for each instance of a run.
            data: The encoded snapshot.
        """

    @abstractmethod
    def load(self, location: str) -> bytes:
        """Return the data that was stored."""

    @abstractmethod
    def size(self, location: str) -> int:
        """Return the number of bytes that were stored."""

    @abstractmethod
    def secure(self, location: str) -> None:
        """Make a snapshot durable that another program may have written."""

    @abstractmethod
    def locations(self) -> Sequence[str]:
        """Return the locations of all snapshots in this store, sorted by name."""

    @abstractmethod
    def remove(self, location: str) -> None:
        """Remove a snapshot."""

    @abstractmethod
    def local_path(self, location: str, *, scratch: Path) -> str:
        """Return the absolute path of a file with the same contents.

        Other programs, such as those that use MUSCLE3, can open it.

        Args:
            location: Location of the snapshot.
            scratch: A directory for a copy, if one is needed.
        """


@runtime_checkable
class LeftoverRemover(Protocol):
    """Removes what killed writers have left; a snapshot store can also implement this."""

    @abstractmethod
    def remove_leftovers(self) -> None:
        """Remove the temporary files of writers that were killed, and no others.

        It raises no error: a temporary file that cannot be removed does no harm.
        """


@runtime_checkable
class LocalSnapshotStore(SnapshotStore, LeftoverRemover, Protocol):
    """A snapshot store in files, which also stores data in pieces, and removes temporary files."""

    @abstractmethod
    def store_pieces(
        self, instance: Reference, number: int, pieces: Sequence[bytes | memoryview]
    ) -> str:
        """Store a snapshot like `store`, from several pieces of memory, without copying them.

        Args:
            instance: The instance that made it.
            number: Number of the snapshot.
            pieces: The encoded snapshot; the pieces are written one after the other.
        """


OpenStore: TypeAlias = Callable[[str], SnapshotStore]
"""Returns the store for a path or URL, either of a store or of a snapshot in it.

Raises OSError if the store cannot be opened.
"""
