"""Names of temporary files, which show whether their writers have been killed."""

from __future__ import annotations

import os
import re
import time
from typing import Final

ABANDONED_AFTER: Final = 3600.0
"""Seconds without a write after which the writer of a temporary file is considered dead."""

_TEMPORARY: Final = re.compile(
    r"\.(?:.+_\d+\.pack|snapshot_[\d_]+\.ymmsl)(?:\.(?P<host>.+)-(?P<pid>\d+))?\.tmp"
)


def temporary_name(name: str) -> str:
    """Return the name of the temporary file that this process writes before it is renamed.

    Args:
        name: The final name, of a snapshot.
    """
    return f".{name}.{os.uname().nodename}-{os.getpid()}.tmp"


def is_temporary(name: str) -> bool:
    """Return whether a name is that of a temporary file of any process."""
    return _TEMPORARY.fullmatch(name) is not None


def has_writer(name: str, *, modified: float | None) -> bool:
    """Return whether a temporary file may still be written.

    It may if its writer still runs, or if it runs on another machine and has written to the file
    within the last hour. Files without a process in their name are those of Conjoin's first
    versions, whose writers have ended.

    Args:
        name: The name of a temporary file.
        modified: When it was last written, as a Unix time; None if unknown.
    """
    match = _TEMPORARY.fullmatch(name)
    if match is None or match["pid"] is None:
        return False
    if modified is not None and time.time() - modified > ABANDONED_AFTER:
        return False
    return match["host"] != os.uname().nodename or _is_running(int(match["pid"]))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True  # a process of another user
    return True
