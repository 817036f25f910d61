"""Stores a second snapshot, and is stopped at a step of that; run by test_durability.

Usage: snapshot_writer.py DIRECTORY STEP before|after|half
"""

import os
import sys
from pathlib import Path

from adapters.filesystem import durable_files
from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from domain.identity import Reference

NEW = b"new" * 10_000
STOPPED = 17


class StoppingOs:
    """The module `os`, of which the n-th call stops this program."""

    def __init__(self, step, moment):
        self._left = step
        self._moment = moment

    def __getattr__(self, name):
        value = getattr(os, name)
        return self._stopping(value) if callable(value) else value

    def _stopping(self, function):
        def call(*args, **kwargs):
            self._left -= 1
            if self._left == 0 and self._moment == "before":
                os._exit(STOPPED)
            if self._left == 0 and self._moment == "half" and function is os.write:
                os.write(args[0], args[1][: len(args[1]) // 2])
                os._exit(STOPPED)
            result = function(*args, **kwargs)
            if self._left == 0:
                os._exit(STOPPED)
            return result

        return call


if __name__ == "__main__":
    directory, number, which = sys.argv[1:]
    durable_files.os = StoppingOs(int(number), which)
    FilesystemSnapshotStore(Path(directory)).store(Reference("macro"), 1, NEW)
