"""Where the files of a run are."""

from abc import abstractmethod
from pathlib import Path
from typing import Protocol

from domain.identity import Reference


class RunDirectory(Protocol):
    """Lays out the files of one run. Every path returned is absolute."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """The directory itself."""

    @abstractmethod
    def save_configuration(self, text: str) -> None:
        """Store the configuration as it is run."""

    @abstractmethod
    def instance_directory(self, instance: Reference) -> Path:
        """Make the directory of an instance with `workdir/` and `snapshots/` in it; return it."""

    @abstractmethod
    def instance_path(self, instance: Reference) -> Path:
        """Return where the directory of an instance is, whether it has been made or not."""

    @abstractmethod
    def log_directory(self) -> Path:
        """Make the directory for the logs of agents and launchers, and return it."""

    @abstractmethod
    def snapshot_directory(self) -> Path:
        """Make the directory for workflow snapshots, and return it."""

    @abstractmethod
    def fetched_snapshot_directory(self) -> Path:
        """Make the directory for copies of snapshots to resume from, and return it."""

    @abstractmethod
    def save_snapshot_store(self, location: str) -> None:
        """Note the path or URL of the store that has the instance snapshots of this run.

        Raises:
            ConfigurationError: If it cannot be written.
        """

    @abstractmethod
    def instance_output_tail(self, instance: Reference, *, lines: int) -> str:
        """Return the last lines that an instance wrote to its stderr; empty if none."""
