"""Reads the file `stat` that procfs has for each process and each of its threads."""

from __future__ import annotations

import os

STATE = 0
PARENT = 1
SESSION = 3
START_TIME = 19

_MOST = 4096
"""Bytes of the longest line: 52 numbers of at most 20 digits, and a name."""


def read_stat(path: str) -> list[bytes]:
    """Return the fields from the state on, which the constants of this module number.

    Raises:
        OSError: If the process or thread does not exist, or has just ended.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # half the time that open() takes
    try:
        content = os.read(file, _MOST)
    finally:
        os.close(file)
    # the preceding name is in parentheses and may contain any character
    return content.rpartition(b")")[2].split()
