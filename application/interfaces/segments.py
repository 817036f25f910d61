"""Memory that the processes of one node share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from domain.runtime.blocks import BlockPlace
from domain.runtime.payloads import Buffer


class SegmentPool(Protocol):
    """Allocates blocks of shared memory, and maps those of other processes."""

    @abstractmethod
    def store(self, pieces: Sequence[Buffer]) -> BlockPlace:
        """Copy buffers to a new block, one after the other, each aligned to 64 bytes.

        Raises:
            OSError: If there is not enough memory.
        """

    @abstractmethod
    def free(self, segment: str, offset: int) -> None:
        """Free a block of this pool. No process may still use it."""

    @abstractmethod
    def trim(self) -> None:
        """Return the memory that no block of this pool uses to the system."""

    @abstractmethod
    def map(
        self, place: BlockPlace, sizes: Sequence[int], *, on_unmapped: Callable[[], None]
    ) -> list[memoryview]:
        """Map a block of any pool, and return its pieces, read-only.

        Args:
            place: The block.
            sizes: The sizes of its pieces.
            on_unmapped: Called once, on any thread, when nothing refers to the pieces any more.

        Raises:
            OSError: If the process that has the segment open is gone.
        """

    @abstractmethod
    def adopt(self, place: BlockPlace) -> BlockPlace:
        """Keep a segment of another process, and return its place in this process.

        Raises:
            OSError: If the process that has the segment open is gone.
        """

    @abstractmethod
    def disown(self, segment: str) -> None:
        """Undo `adopt`, as often as it was called."""

    @abstractmethod
    def spill(self, place: BlockPlace, name: str) -> None:
        """Write an own or adopted block to a spill file. Thread-safe.

        Args:
            place: The block.
            name: Name of the file.

        Raises:
            OSError: If it cannot be written; then there is no file.
        """

    @abstractmethod
    def remove_file(self, name: str) -> None:
        """Remove a spill file, if it exists. Mapped pieces stay valid."""

    @abstractmethod
    def map_file(
        self, name: str, sizes: Sequence[int], *, on_unmapped: Callable[[], None]
    ) -> list[memoryview]:
        """Map a spill file of any pool of the run, as `map` does with a block.

        Raises:
            OSError: If it cannot be mapped.
        """

    @abstractmethod
    def close(self) -> None:
        """Free everything that is not mapped. Mapped pieces stay valid."""
