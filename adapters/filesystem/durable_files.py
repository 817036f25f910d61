"""Files that are either whole or not there, at whatever moment the machine stops."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file; it is on the disk when this returns.

    Until all of it is there it has a temporary name, the same for every attempt, so that one that
    was cut off is tidied up by the next.

    Args:
        path: The file; one that is there already is replaced.
        data: What to write.

    Raises:
        OSError: If that cannot be done; then the old file or the new one is there, not half of it.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as descriptor:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        os.replace(temporary, path)  # noqa: PTH105 - the tests stop the program at each call of os
        sync_directory(path.parent)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def sync_file(path: Path) -> None:
    """See that a file that another program wrote is on the disk.

    Raises:
        OSError: If it is not there, or cannot be.
    """
    with _opened(path, os.O_RDONLY) as descriptor:
        os.fsync(descriptor)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """See that the names of the files in a directory are on the disk.

    Raises:
        OSError: If that fails.
    """
    with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        try:
            os.fsync(descriptor)
        except OSError as error:
            # Some network file systems keep names safe by themselves, and refuse this.
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
