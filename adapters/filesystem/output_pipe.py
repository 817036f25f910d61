"""A named pipe by which other processes print to this one."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from typing_extensions import Self

CHUNK: Final = 65536


class OutputPipe:
    """Collects what other processes write to a named pipe.

    It ends when `no_more` has been called, and nobody has it open for writing any longer.

    Args:
        path: Where to make it.

    Raises:
        OSError: If it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path, 0o600)
        # without O_NONBLOCK this would wait for somebody to write
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._writer: int | None = os.open(path, os.O_WRONLY)
        os.set_blocking(self._reader, True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.no_more()
        os.close(self._reader)

    def no_more(self) -> None:
        """Expect nobody to open the pipe from now on. May be called from any thread."""
        writer, self._writer = self._writer, None
        if writer is not None:
            os.close(writer)

    def texts(self) -> Iterator[str]:
        """Yield what is written, as it comes, until the end."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        while data := os.read(self._reader, CHUNK):
            yield decoder.decode(data)
        yield decoder.decode(b"", final=True)
