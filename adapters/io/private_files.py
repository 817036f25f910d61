"""Files that only this user may read."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE = 0o600
PRIVATE_EXECUTABLE = 0o700


def write_private(path: Path, text: str, *, mode: int = PRIVATE) -> None:
    """Write a text file that no other user can read, whatever the umask.

    An existing file is replaced, so that a program that has it open does not read the new text.

    Args:
        path: The file.
        text: The text; surrogate escapes are written as the bytes that they stand for.
        mode: Its permissions.

    Raises:
        OSError: If it cannot be written.
    """
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, mode)
    try:
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            os.fchmod(descriptor, mode)  # the umask may have removed permissions of the user too
            file.write(text)
    except OSError as error:  # without the name of the file, if the disk is full
        raise OSError(error.errno, error.strerror, str(path)) from error
