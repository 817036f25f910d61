"""Profile stores: where the profile of a run is stored."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from domain.identity import Reference
from domain.placement.resources import Resources
from domain.running.profiling import DropReason, ProfileEvent


class ProfileStore(Protocol):
    """Stores profile events of instances. Only `close` blocks on storage."""

    @abstractmethod
    def add_instances(self, instances: Sequence[Reference]) -> None:
        """Add all instances of the model."""

    @abstractmethod
    def add_resources(self, assigned: Mapping[Reference, Resources]) -> None:
        """Store which cores were assigned to the instances."""

    @abstractmethod
    def add_events(self, instance: Reference, events: Sequence[ProfileEvent]) -> None:
        """Store events of an instance that has been added."""

    @abstractmethod
    def close(self) -> None:
        """Store all pending events, and close the storage.

        Raises:
            OSError: If something could not be stored; the message says what.
        """


@runtime_checkable
class MeteredProfileStore(ProfileStore, Protocol):
    """A profile store that shows how far behind it is, and stores how many events are missing."""

    @property
    @abstractmethod
    def backlog(self) -> int:
        """How many events have been added, but not stored yet."""

    @property
    @abstractmethod
    def problem(self) -> str:
        """A message about lost events, with the reason; empty if none were lost."""

    @abstractmethod
    def add_dropped(self, instance: Reference, reason: DropReason, count: int) -> None:
        """Store that so many more events of an instance are missing, for a reason."""
