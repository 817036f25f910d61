"""Follows the files that programs write their output to while a run goes on."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 256 * 1024
"""Limit on what is read from a file at a time, so that a chatty program cannot fill the memory."""


@dataclass
class _Followed:
    """A file, how far it has been read, and the beginning of its last line."""

    instance: str
    path: Path
    offset: int = 0
    partial: bytes = b""


class OutputFollower:
    """Reads the new lines of the output of some instances.

    One thread reads the lines; another one may call `finish`.

    Args:
        folders: The folders of the instances, by their names.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._files = [
            _Followed(instance, folder / name)
            for instance, folder in folders.items()
            for name in ("stdout.txt", "stderr.txt")
        ]
        self._is_finished = False

    def finish(self) -> None:
        """Announce that all programs have ended, so that the last lines are complete."""
        self._is_finished = True

    def new_lines(self) -> list[str]:
        """Return the lines since the last call, with the names of their instances before them.

        A line that is not complete yet is returned when it is, or when the programs have ended.
        """
        is_last = self._is_finished  # before reading, so that nothing is missed
        return [line for file in self._files for line in _new_lines(file, is_last=is_last)]


def _new_lines(file: _Followed, *, is_last: bool) -> Sequence[str]:
    data, skipped = _read(file)
    whole, separator, rest = (file.partial + data).rpartition(b"\n")
    if is_last or len(rest) > MOST_BYTES:
        whole, separator, rest = whole + separator + rest, b"", b""
    file.partial = rest
    lines = (whole + separator).decode(errors="replace").splitlines()
    if skipped:
        lines.append(f"... ({skipped} bytes more, see {file.path})")
    return [f"[{file.instance}] {line}" for line in lines]


def _read(file: _Followed) -> tuple[bytes, int]:
    """Return new data, and how many bytes after it were skipped."""
    try:
        # a program may have replaced its output file by a FIFO, on which a read would wait forever
        with open(file.path, "rb", opener=_without_waiting) as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size <= file.offset:
                return b"", 0
            opened.seek(file.offset)
            data = opened.read(min(MOST_BYTES, status.st_size - file.offset))
    except OSError:
        return b"", 0
    skipped = max(0, status.st_size - file.offset - len(data))
    file.offset += len(data) + skipped
    return data, skipped


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
