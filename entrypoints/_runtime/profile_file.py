"""Writes the profile of a run into its directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from adapters.filesystem.trace_file import TraceFile
from application.runtime.profile import Profile
from application.runtime.profile_buffer import ProfileBuffer
from domain.runtime.hosts import HEAD
from domain.runtime.trace import Trace, TraceEvent


class ProfileFile:
    """Collects the events of all processes at the monitor, and writes them as they arrive.

    Args:
        buffer: The events of the process of the head.
        monitor: The profile of the monitor, which receives those of the workers.
        directory: The run directory; None writes nothing.
        on_error: Receives a description if the file cannot be written any longer.
    """

    def __init__(
        self,
        *,
        buffer: ProfileBuffer,
        monitor: Profile,
        directory: str | os.PathLike[str] | None,
        on_error: Callable[[str], None],
    ) -> None:
        self._buffer = buffer
        self._monitor = monitor
        self._directory = directory
        self._on_error = on_error
        self._trace = Trace()
        self._file: TraceFile | None = None

    @property
    def is_written(self) -> bool:
        """Whether there is a file."""
        return self._directory is not None

    @property
    def path(self) -> Path | None:
        """The file; None before it is opened."""
        return None if self._file is None else self._file.path

    def open(self) -> None:
        """Create the file.

        Raises:
            OSError: It cannot be created.
        """
        if self._directory is not None:
            self._file = TraceFile(self._directory)
            self._monitor.write_to(self._write)
            self._buffer.notify(self._write_own)

    async def complete(self, workers: Iterable[str]) -> None:
        """Write the events that the workers have not sent."""
        if self._file is not None:
            await self._monitor.collect(workers)

    def close(self) -> None:
        """Write the events of this process, and close the file."""
        self._write_own()
        if self._file is not None:
            self._file.close()

    def _write_own(self) -> None:
        self._write(self._buffer.take(HEAD))

    def _write(self, events: Sequence[TraceEvent]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(self._trace.entries(events))
        except OSError as error:
            # Not raised: the task that has ended meanwhile is not responsible for it.
            self._on_error(f"The profile {self._file.path} is incomplete: {error}")
            self._file.abandon()
            self._file = None
