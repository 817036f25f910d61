"""Run directories: where the files of a run are."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from domain.identity import Reference


class RunDirectory(Protocol):
    """Lays out the files of one run. All returned paths are absolute."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """The directory itself."""

    @abstractmethod
    def save_configuration(self, text: str) -> None:
        """Store the flat configuration of the run."""

    @abstractmethod
    def instance_directory(self, instance: Reference) -> Path:
        """Create an instance's directory, `workdir/` and `snapshots/` in it; return it."""

    @abstractmethod
    def instance_path(self, instance: Reference) -> Path:
        """Return the directory of an instance, which need not exist yet."""

    @abstractmethod
    def log_directory(self) -> Path:
        """Create the directory for the logs of agents and launchers; return it."""

    @abstractmethod
    def snapshot_directory(self) -> Path:
        """Create the directory for workflow snapshots; return it."""

    @abstractmethod
    def fetched_snapshot_directory(self) -> Path:
        """Create the directory for copies of snapshots to resume from; return it."""

    @abstractmethod
    def save_snapshot_store(self, location: str) -> None:
        """Record the path or URL of the store for the instance snapshots of this run.

        Raises:
            ConfigurationError: If it cannot be written.
        """

    @abstractmethod
    def instance_files(self, instance: Reference) -> Mapping[Path, bytes]:
        """Return the files in the directory of an instance, such as its run script.

        Those in directories in it are left out.

        Raises:
            ConfigurationError: If one cannot be read.
        """

    @abstractmethod
    def add_output(self, instance: Reference, *, is_error: bool, offset: int, data: bytes) -> None:
        """Write a piece of the output of an instance into its file.

        Args:
            instance: The instance, whose directory exists.
            is_error: Whether it is a piece of standard error, not of standard output.
            offset: Where the piece begins in the file.
            data: The piece.

        Raises:
            OSError: If it cannot be written.
        """

    @abstractmethod
    def instance_output_tail(self, instance: Reference, *, lines: int) -> str:
        """Return the last lines that an instance wrote to stderr; empty if none.

        If there are none because the disk is full, it states that.
        """
