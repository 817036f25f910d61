"""Durable writes: a file is complete or absent, even if the machine crashes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeAlias

from adapters.io.temporary_names import has_writer, is_temporary, temporary_name

Pieces: TypeAlias = "Sequence[bytes | memoryview]"

_CANNOT_SYNC: Final = (errno.EINVAL, errno.ENOTSUP)
_MAX_BUFFERS: Final = 1024
"""The most pieces that Linux and macOS write with one call."""


def write_durably(path: Path, data: bytes) -> None:
    """Write a file atomically; see `write_pieces_durably`."""
    write_pieces_durably(path, [data])


def write_pieces_durably(path: Path, pieces: Pieces) -> None:
    """Write a file atomically; it is durable when this returns.

    The data is written to a temporary file first, whose name contains the machine and the process:
    `remove_leftovers` recognises the files of killed writers by them.

    Args:
        path: The file, which is replaced if it exists.
        pieces: The data, in pieces that are written one after the other, without a copy.

    Raises:
        OSError: If it cannot be written. The path then holds the old file or the new one, never a
            partial one.
    """
    temporary = path.with_name(temporary_name(path.name))
    try:
        with _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as descriptor:
            _write_all(descriptor, pieces)
            os.fsync(descriptor)
        os.replace(temporary, path)  # noqa: PTH105 - tests stop the program at each call of os
        sync_directory(path.parent)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def remove_leftovers(directory: Path) -> None:
    """Remove the temporary files in a directory whose writers were killed.

    A file stays if its writer still runs, or if it runs on another machine and has written to the
    file within the last hour. A file that cannot be removed stays too.
    """
    with suppress(OSError):
        for file in list(directory.iterdir()):
            if is_temporary(file.name):
                with suppress(OSError):
                    _remove_leftover(file)


def _remove_leftover(file: Path) -> None:
    if not has_writer(file.name, modified=file.stat().st_mtime):
        file.unlink()


def sync_file(path: Path) -> None:
    """Flush a file, which another program has written, to disk.

    Raises:
        OSError: If it does not exist, or cannot be flushed.
    """
    with _opened(path, os.O_RDONLY) as descriptor:
        os.fsync(descriptor)
    sync_directory(path.parent)


def read_all(descriptor: int) -> bytes:
    """Return the contents of an open file.

    Raises:
        OSError: If it cannot be read.
    """
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def sync_directory(path: Path) -> None:
    """Flush a directory's entries to disk.

    Raises:
        OSError: If that fails.
    """
    with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        try:
            os.fsync(descriptor)
        except OSError as error:
            # some network file systems flush directory entries themselves and do not support this
            if error.errno not in _CANNOT_SYNC:
                raise


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, pieces: Pieces) -> None:
    left = [memoryview(piece) for piece in pieces if piece]
    while left:
        written = os.writev(descriptor, left[:_MAX_BUFFERS])
        count = 0
        while count < len(left) and written >= left[count].nbytes:
            written -= left[count].nbytes
            count += 1
        del left[:count]
        if left:
            left[0] = left[0][written:]
