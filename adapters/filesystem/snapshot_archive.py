"""An instance's snapshots, as files."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import final

from adapters.wire.snapshots import MsgPackSnapshot
from application.interfaces.snapshot_archive import SnapshotArchive
from domain.errors import InconsistentSnapshot
from domain.identity import Reference
from domain.snapshots import Snapshot


@final
class FilesystemSnapshotArchive(SnapshotArchive):
    """Keeps each snapshot in a file `<instance>_<number>.pack`, with `[` and `]` turned to `-`.

    A file has a temporary name until all of it is on the disk, so whatever has its final name is
    whole, at whatever moment the machine stops.
    """

    def store(
        self, directory: str | None, instance: Reference, number: int, snapshot: Snapshot
    ) -> str:
        folder = Path.cwd() if directory is None else Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        name = str(instance).replace("[", "-").replace("]", "-")
        path = folder / f"{name}_{number}.pack"
        write_durably(path, MsgPackSnapshot.encode(snapshot))
        return str(path)

    def load(self, location: str) -> Snapshot:
        try:
            data = Path(location).read_bytes()
        except OSError as error:
            msg = f"Snapshot '{location}' cannot be read: {error.strerror or error}."
            raise InconsistentSnapshot(msg) from error
        return MsgPackSnapshot.decode(data, name=location)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that it is either whole or not there, even if the machine stops.

    Raises:
        OSError: If it cannot be written; nothing is left of it then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
