"""Durable writes: a file is complete or absent, even if the machine crashes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file atomically; it is durable when this returns.

    The data is written to a temporary file first. Every attempt uses the same temporary name, so
    the next attempt overwrites what an interrupted one left behind.

    Args:
        path: The file, which is replaced if it exists.
        data: The data.

    Raises:
        OSError: If it cannot be written. The path then holds the old file or the new one, never a
            partial one.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as descriptor:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        os.replace(temporary, path)  # noqa: PTH105 - tests stop the program at each call of os
        sync_directory(path.parent)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


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


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
