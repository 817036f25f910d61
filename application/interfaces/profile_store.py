"""Where profiles are kept."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.identity import Reference
from domain.placement.resources import Resources
from domain.running.profiling import ProfileEvent


class ProfileStore(Protocol):
    """Keeps what instances spent their time on. No method blocks on storage but `close`."""

    @abstractmethod
    def add_instances(self, instances: Sequence[Reference]) -> None:
        """Make all instances of the model known."""

    @abstractmethod
    def add_resources(self, assigned: Mapping[Reference, Resources]) -> None:
        """Keep which cores the instances got."""

    @abstractmethod
    def add_events(self, instance: Reference, events: Sequence[ProfileEvent]) -> None:
        """Keep events of an instance that has been made known."""

    @abstractmethod
    def close(self) -> None:
        """Store what is left, and give up the storage.

        Raises:
            OSError: If something could not be stored; the text says what.
        """
