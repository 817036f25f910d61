"""Files for values that do not fit in memory."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from typing import Final

from adapters.segments.mappings import Mapping

_NAME: Final = re.compile(r"[0-9a-z_-]{1,64}")


class SpillFiles:
    """The files of a run, in a directory that only its user can access.

    Args:
        directory: The directory, which is created with the first file.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def write(self, name: str, descriptor: int, offset: int, size: int) -> None:
        """Copy a part of a segment to a new file.

        Raises:
            OSError: If the file cannot be written; then it does not exist.
        """
        os.makedirs(self._directory, mode=0o700, exist_ok=True)  # noqa: PTH103
        path = self._path(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        target = os.open(path, flags, 0o600)
        try:
            end = offset + size
            while offset < end:
                offset += os.sendfile(target, descriptor, offset, end - offset)
        except OSError:
            self.remove(name)
            raise
        finally:
            os.close(target)

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""
        with contextlib.suppress(OSError):
            os.unlink(self._path(name))  # noqa: PTH108

    def map(self, name: str, on_unmapped: Callable[[], None]) -> memoryview:
        """Map a file read-only.

        Raises:
            OSError: If it cannot be mapped.
        """
        descriptor = os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            return Mapping(descriptor, size).lend(0, size, on_returned=on_unmapped)
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            msg = f"invalid name of a spill file: {name!r}"
            raise OSError(msg)
        return f"{self._directory}/{name}"
