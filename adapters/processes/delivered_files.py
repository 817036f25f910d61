"""Files and output of programs on a node that does not share the manager's files."""

from __future__ import annotations

from pathlib import Path

from adapters.io.private_files import PRIVATE_EXECUTABLE, write_private
from domain.running.agents import StartCommand


def create_files(command: StartCommand) -> None:
    """Create the files that a program needs, if the node does not have them.

    Raises:
        OSError: If that fails.
    """
    if command.files is None:
        return
    command.work_dir.mkdir(parents=True, exist_ok=True)
    for path in (command.stdout, command.stderr, *command.files):
        path.parent.mkdir(parents=True, exist_ok=True)
    for path, data in command.files.items():
        # they may contain private environment variables
        write_private(path, data.decode("utf-8", "surrogateescape"), mode=PRIVATE_EXECUTABLE)


def read_output(path: Path, offset: int, size: int) -> bytes:
    """Return what a program has written to a file from an offset on, at most a number of bytes."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(size)
    except OSError:
        return b""
