"""Creates engines."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from adapters.embedded.engine import EmbeddedTaskEngine
from adapters.local_agents.orphans import kill_marked_processes
from adapters.processes.cgroups import read_limits
from adapters.segments.segment_pool import MemfdSegmentPool
from adapters.unix_sockets.host_transport import UnixHostTransport
from application.interfaces.task_engine import TaskEngine
from domain.runtime.hosts import HEAD

STORE_SHARE: Final = 0.3
"""The part of the memory that stored values may occupy."""


def new_embedded_engine(
    *,
    on_error: Callable[[str], None],
    on_spilled: Callable[[float, int], None] = lambda _start, _size: None,
) -> TaskEngine:
    """Return an engine that starts processes on this machine.

    Args:
        on_error: Receives descriptions of internal errors.
        on_spilled: Called after a value was written to a file, with the time at which that began,
            and the number of bytes.
    """
    return EmbeddedTaskEngine(
        transports=UnixHostTransport,
        segments=lambda directory: MemfdSegmentPool(name=HEAD, spill_directory=directory),
        store_memory=int(STORE_SHARE * _memory_limit()),
        kill_marked=kill_marked_processes,
        on_error=on_error,
        on_spilled=on_spilled,
    )


def _memory_limit() -> int:
    """Return the bytes of memory that this process may use."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = read_limits(Path("/proc"), Path("/sys")).memory
    return total if limit is None else min(total, limit)
