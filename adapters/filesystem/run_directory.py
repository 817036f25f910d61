"""The files of a run, in the layout that users' scripts expect."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final, final

from typing_extensions import Self, override

from adapters.filesystem.last_lines import last_lines
from adapters.io.private_files import write_private
from application.interfaces.run_directory import RunDirectory
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.wording import describe_os_error, without_controls

_STORE_NOTE: Final = "kept_in.txt"


@final
class FilesystemRunDirectory(RunDirectory):
    """A run directory on disk.

    Args:
        path: The directory, which must exist; see `create` and `in_existing`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    @classmethod
    def create(cls, model: Reference, *, parent: Path, start: datetime) -> Self:
        """Create a new directory named after the model and the start time.

        Args:
            model: Name of the model.
            parent: Directory to create it in.
            start: When the run starts, in local time.

        Raises:
            ConfigurationError: If it cannot be created.
        """
        name = f"run_{model}_{start:%Y%m%d_%H%M%S}"
        return cls(_make_new(parent.absolute(), name))

    @classmethod
    def in_existing(cls, path: Path) -> Self:
        """Use a directory that the user created.

        Raises:
            ConfigurationError: If it does not exist, holds another run, or is not writable.
        """
        cls.check_existing(path)
        _make(path / "instances")
        return cls(path)

    @staticmethod
    def check_existing(path: Path) -> None:
        """Check whether a directory that the user created can be used, without modifying it.

        Raises:
            ConfigurationError: If it cannot.
        """
        if not path.is_dir():
            msg = (
                f"The run directory '{path}' does not exist, or is not a directory. Create it"
                " first, or let the manager create one."
            )
            raise ConfigurationError(msg)
        if any(path.glob("instances/*")):
            msg = (
                f"The run directory '{path}' holds the output of an earlier run. Use an empty"
                " one, or remove its contents."
            )
            raise ConfigurationError(msg)
        if not os.access(path, os.W_OK | os.X_OK):
            raise _unwritable(path, _write_error(path))

    def remove(self) -> None:
        """Remove the directory and its contents, as far as possible."""
        shutil.rmtree(self._path, ignore_errors=True)

    @property
    @override
    def path(self) -> Path:
        return self._path

    @property
    def log_file(self) -> Path:
        """The log of the manager and the instances."""
        return self._path / "muscle3_manager.log"

    @property
    def profile_file(self) -> Path:
        """The profile of the run."""
        return self._path / "performance.sqlite"

    @property
    def fetched_snapshots(self) -> Path:
        """Directory that, during the run, holds copies of the snapshots it was resumed from."""
        return self._path / "snapshots" / "fetched"

    @property
    def snapshot_store(self) -> str:
        """Path or URL of the instance snapshot store; empty if it is in this directory."""
        path = self._path / "snapshots" / _STORE_NOTE
        return path.read_text(encoding="utf-8").strip() if path.is_file() else ""

    @override
    def fetched_snapshot_directory(self) -> Path:
        return _make(self.fetched_snapshots)

    @override
    def save_snapshot_store(self, location: str) -> None:
        path = self.snapshot_directory() / _STORE_NOTE
        try:
            path.write_text(location + "\n", encoding="utf-8")
        except OSError as error:
            raise _unwritable(path, error) from error

    @override
    def save_configuration(self, text: str) -> None:
        path = self._path / "configuration.ymmsl"
        try:
            write_private(path, text)  # the environment of a program may be private
        except OSError as error:
            raise _unwritable(path, error) from error

    @override
    def instance_directory(self, instance: Reference) -> Path:
        directory = self.instance_path(instance)
        _make(directory / "workdir")
        _make(directory / "snapshots")
        return directory

    @override
    def instance_path(self, instance: Reference) -> Path:
        return self._path / "instances" / str(instance)

    @override
    def log_directory(self) -> Path:
        return _make(self._path / "logs")

    @override
    def snapshot_directory(self) -> Path:
        return _make(self._path / "snapshots")

    @override
    def instance_files(self, instance: Reference) -> Mapping[Path, bytes]:
        directory = self.instance_path(instance)
        try:
            paths = sorted(path for path in directory.iterdir() if path.is_file())
            return {path: path.read_bytes() for path in paths}
        except OSError as error:
            msg = f"The files in '{directory}' cannot be read: {error.strerror}."
            raise ConfigurationError(msg) from error

    @override
    def add_output(self, instance: Reference, *, is_error: bool, offset: int, data: bytes) -> None:
        path = self.instance_path(instance) / ("stderr.txt" if is_error else "stdout.txt")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666), "wb") as file:
            file.seek(offset)
            file.write(data)

    @override
    def instance_output_tail(self, instance: Reference, *, lines: int) -> str:
        tail = last_lines(self.instance_path(instance) / "stderr.txt", lines)
        if not tail.strip() and _is_full(self._path):
            return f"The disk with '{self._path}' is full, so output may be missing."
        return without_controls(tail)


def _make_new(parent: Path, name: str) -> Path:
    """Create a new directory, adding a number to the name if it is taken."""
    for number in count(1):
        path = parent / (name if number == 1 else f"{name}_{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise _unwritable(path, error) from error
        return path
    raise AssertionError


def _make(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def _is_full(directory: Path) -> bool:
    try:
        return os.statvfs(directory).f_bavail == 0
    except OSError:
        return False


def _write_error(path: Path) -> OSError:
    """Return the reason why a directory is not writable."""
    is_read_only = os.statvfs(path).f_flag & os.ST_RDONLY
    number = errno.EROFS if is_read_only else errno.EACCES
    return OSError(number, os.strerror(number))


def _unwritable(path: Path, error: OSError) -> ConfigurationError:
    reason = describe_os_error(OSError(error.errno, error.strerror))
    return ConfigurationError(
        f"The run directory is not usable: '{path}' could not be written: {reason}"
    )
