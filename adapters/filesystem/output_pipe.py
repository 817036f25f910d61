"""A named pipe through which other processes print to this one."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from typing_extensions import Self

CHUNK: Final = 65536


class OutputPipe:
    """Collects the output that other processes write to a named pipe.

    It ends once `no_more` has been called and no process has the pipe open for writing.

    Args:
        path: Where to create the pipe.

    Raises:
        OSError: If it cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path, 0o600)
        # without O_NONBLOCK this would block until a writer opens the pipe
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._writer: int | None = os.open(path, os.O_WRONLY)
        os.set_blocking(self._reader, True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.no_more()
        os.close(self._reader)

    def no_more(self) -> None:
        """Declare that no new writer will open the pipe. May be called from any thread."""
        writer, self._writer = self._writer, None
        if writer is not None:
            os.close(writer)

    def texts(self) -> Iterator[str]:
        """Yield the output as it arrives, until all writers have closed the pipe."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        while data := os.read(self._reader, CHUNK):
            yield decoder.decode(data)
        yield decoder.decode(b"", final=True)
