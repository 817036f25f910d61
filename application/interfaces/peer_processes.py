"""The processes at the other end of connections."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from domain.running.clients import Origin, Process


class PeerProcesses(Protocol):
    """Finds out which user and process a TCP connection belongs to.

    No method blocks for long. On the thread of a server only.
    """

    @abstractmethod
    def origin(self, own: tuple[str, int], peer: tuple[str, int]) -> Origin:
        """Return where a connection comes from.

        Args:
            own: Address and port of our end.
            peer: Address and port of the other end.
        """

    @abstractmethod
    def process_of(self, origin: Origin, *, instance: str) -> Process | None:
        """Return the process that holds the other end of a connection; None if unknown.

        Args:
            origin: Where the connection comes from.
            instance: Instance that the client claims to be, which makes the search faster.
        """

    @abstractmethod
    def is_held_by(self, origin: Origin, process: Process) -> bool:
        """Whether a process holds the other end of a connection."""

    @abstractmethod
    def was_started_for(self, process: Process, instance: str) -> bool:
        """Whether an agent of this run started a process, or its ancestor, for an instance."""
