"""Instance snapshots as files in a directory."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import final

from adapters.filesystem import confined_files
from adapters.filesystem.durable_files import (
    read_all,
    remove_leftovers,
    sync_directory,
    sync_file,
    write_pieces_durably,
)
from application.interfaces.snapshot_store import LocalSnapshotStore
from domain.checkpointing.instance_snapshot import snapshot_name
from domain.identity import Reference


@final
class FilesystemSnapshotStore(LocalSnapshotStore):
    """Stores each snapshot in a file `<instance>_<number>.pack`, whose path is its location.

    New snapshots go into one directory; those in other directories can also be loaded, secured
    and removed, unless the store is confined.

    Args:
        directory: Directory for new snapshots; created on first use.
        is_confined: Whether to load, secure and remove only regular files below the directory,
            since the locations come from another program.
    """

    def __init__(self, directory: Path, *, is_confined: bool = False) -> None:
        self._directory = directory.absolute()
        self._is_confined = is_confined

    def store(self, instance: Reference, number: int, data: bytes) -> str:
        return self.store_pieces(instance, number, [data])

    def store_pieces(
        self, instance: Reference, number: int, pieces: Sequence[bytes | memoryview]
    ) -> str:
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / snapshot_name(instance, number)
        write_pieces_durably(path, pieces)
        return str(path)

    def remove_leftovers(self) -> None:
        remove_leftovers(self._directory)

    def load(self, location: str) -> bytes:
        if not self._is_confined:
            return Path(location).read_bytes()
        with confined_files.opened(location, below=self._directory) as file:
            return read_all(file)

    def size(self, location: str) -> int:
        return Path(location).stat().st_size

    def secure(self, location: str) -> None:
        if not self._is_confined:
            sync_file(Path(location))
            return
        with confined_files.opened(location, below=self._directory) as file:
            os.fsync(file)
        sync_directory(Path(location).parent)

    def locations(self) -> Sequence[str]:
        if not self._directory.is_dir():
            return []
        files = [path for path in self._directory.iterdir() if _is_snapshot(path.name)]
        return [str(path) for path in sorted(files, key=lambda path: name_key(path.name))]

    def remove(self, location: str) -> None:
        if not self._is_confined:
            Path(location).unlink()
            return
        confined_files.remove(location, below=self._directory)

    def local_path(self, location: str, *, scratch: Path) -> str:  # noqa: ARG002 - it is local
        path = Path(location).absolute()
        path.stat()  # raises FileNotFoundError
        return str(path)


_NUMBERED = re.compile(r"(.+)_(\d+)\.pack")


def _is_snapshot(name: str) -> bool:
    return not name.startswith(".") and _NUMBERED.fullmatch(name) is not None


def name_key(name: str) -> tuple[str, int]:
    """Return the sort key of a snapshot's name, which sorts 10 after 9."""
    match = _NUMBERED.fullmatch(name)
    return (name, 0) if match is None else (match[1], int(match[2]))
