"""Reads the file `stat` that procfs has for each process and each of its threads."""

from __future__ import annotations

STATE = 0
PARENT = 1
SESSION = 3
START_TIME = 19


def read_stat(path: str) -> list[bytes]:
    """Return the fields from the state on, which the constants of this module number.

    Raises:
        OSError: If the process or thread does not exist, or has just ended.
    """
    with open(path, "rb") as file:
        # the preceding name is in parentheses and may contain any character
        return file.read().rpartition(b")")[2].split()
