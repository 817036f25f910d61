"""The file with the profile of a run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class TraceFile:
    """A JSON array, to which entries are added.

    Chrome and Perfetto also open a file that was not closed, because the process was killed.

    Args:
        directory: Where to create it, under a new name. It is created if it does not exist.

    Raises:
        OSError: It cannot be created.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        Path(directory).mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix="profile-", suffix=".json", dir=directory)
        self.path = Path(name)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")
        self._file.write("[\n")
        self._is_empty = True

    def write(self, entries: Iterable[str]) -> None:
        """Add entries, each of them as JSON. Ignored once it is closed.

        Raises:
            OSError: They cannot be written.
        """
        if self._file.closed:
            return
        added = ",\n".join(entries)
        if not added:
            return
        self._file.write(added if self._is_empty else f",\n{added}")
        self._is_empty = False
        self._file.flush()

    def close(self) -> None:
        """End the array. Idempotent."""
        if not self._file.closed:
            self._file.write("\n]\n")
            self._file.close()

    def abandon(self) -> None:
        """Close it as it is, after an error."""
        with suppress(OSError):
            self._file.close()
