"""Reads the end of a text file that may be very large."""

import os
import stat
from pathlib import Path

_MOST_BYTES = 256 * 1024


def last_lines(path: Path, count: int) -> str:
    """Return the last lines of a file, reading at most its last 256 kB.

    Args:
        path: The file.
        count: Maximum number of lines.

    Returns:
        The lines, without a trailing newline; empty if the file does not exist or cannot be read.
    """
    try:
        # a program may have replaced its output file by a FIFO, on which a read would wait forever
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return ""
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _MOST_BYTES))
            text = file.read(_MOST_BYTES).decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-count:]) if count > 0 else ""


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
