"""A directory for the sockets of a run, which only its user can access."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from typing import Final

from domain.runtime.errors import EngineError

MAX_PATH: Final = 107
"""Longest path of a Unix socket on Linux."""

MAX_UID: Final = 40
"""Longest uid, which is the name of a socket."""


def create_socket_directory(environment: Mapping[str, str] = os.environ) -> str:
    """Create a directory of mode 0700 on a file system with sockets.

    Args:
        environment: `XDG_RUNTIME_DIR` and `TMPDIR` say where.

    Raises:
        EngineError: If there is no suitable place; the message says why.
    """
    problems = []
    for parent in _candidates(environment):
        try:
            directory = tempfile.mkdtemp(prefix="conjoin-", dir=parent)
        except OSError as error:
            problems.append(f"{parent}: {error.strerror}")
            continue
        problem = _problem(directory)
        if problem is None:
            return directory
        problems.append(f"{parent}: {problem}")
        shutil.rmtree(directory, ignore_errors=True)
    raise EngineError(
        "there is no directory for the sockets of the runtime. Set TMPDIR to a local directory with"
        f" a short path. Tried: {'; '.join(problems)}"
    )


def _candidates(environment: Mapping[str, str]) -> Iterator[str]:
    found = (environment.get("XDG_RUNTIME_DIR"), environment.get("TMPDIR"), "/tmp")
    yield from dict.fromkeys(path for path in found if path)


def _problem(directory: str) -> str | None:
    if len(os.fsencode(directory)) + 1 + MAX_UID > MAX_PATH:
        return "its path is too long for sockets"
    path = f"{directory}/test"
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.bind(path)
        except OSError as error:
            return f"sockets cannot be created: {error.strerror}"
    os.unlink(path)  # noqa: PTH108
    return None
