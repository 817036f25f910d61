"""Access to files whose paths come from another program, confined to a directory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# without O_NONBLOCK, opening a FIFO waits for a writer
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def opened(path: str, *, below: Path) -> Iterator[int]:
    """Open a regular file below a directory for reading; yield its descriptor.

    Args:
        path: Path of the file, which is not trusted.
        below: The directory.

    Raises:
        PermissionError: If the path is not that of a regular file below the directory.
        OSError: If the file does not exist or cannot be opened.
    """
    with _parent(path, below) as (parent, name), _regular(parent, name, path, below) as file:
        yield file


def remove(path: str, *, below: Path) -> None:
    """Remove a regular file below a directory.

    Args:
        path: Path of the file, which is not trusted.
        below: The directory.

    Raises:
        PermissionError: If the path is not that of a regular file below the directory.
        OSError: If the file does not exist or cannot be removed.
    """
    with _parent(path, below) as (parent, name):
        with _regular(parent, name, path, below):
            pass
        os.unlink(name, dir_fd=parent)


@contextmanager
def _parent(path: str, below: Path) -> Iterator[tuple[int, str]]:
    """Open the directory that contains a file; yield its descriptor and the name of the file.

    The path is resolved first, and then each directory on it is opened in turn without following
    symbolic links, so that no directory can be replaced in between.
    """
    folders = _folders(path, below)
    descriptor = os.open(below.resolve(), _DIRECTORY)
    try:
        for folder in folders:
            inner = os.open(folder, _DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor, Path(path).name
    finally:
        os.close(descriptor)


def _folders(path: str, below: Path) -> tuple[str, ...]:
    named = Path(path)
    try:
        if named.is_absolute() and ".." not in named.parts and "\0" not in path:
            return named.parent.resolve().relative_to(below.resolve()).parts
    except (ValueError, RuntimeError):  # not below it, or a circle of links
        pass
    raise _refused(path, below)


@contextmanager
def _regular(parent: int, name: str, path: str, below: Path) -> Iterator[int]:
    # before it is opened, since opening some devices has effects
    if not stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        raise _refused(path, below)
    file = os.open(name, _FILE, dir_fd=parent)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _refused(path, below)
        yield file
    finally:
        os.close(file)


def _refused(path: str, below: Path) -> PermissionError:
    return PermissionError(f"'{path}' was refused: it is not a regular file below '{below}'")
