"""Creates engines."""

from __future__ import annotations

from collections.abc import Callable

from adapters.embedded.engine import EmbeddedTaskEngine
from adapters.local_agents.orphans import kill_marked_processes
from adapters.segments.segment_pool import MemfdSegmentPool
from adapters.zeromq.host_transport import ZmqHostTransport
from application.interfaces.task_engine import TaskEngine


def new_embedded_engine(*, on_error: Callable[[str], None]) -> TaskEngine:
    """Return an engine that starts processes on this machine.

    Args:
        on_error: Receives descriptions of internal errors.
    """
    return EmbeddedTaskEngine(
        transports=ZmqHostTransport,
        segments=lambda uid: MemfdSegmentPool(name=uid),
        kill_marked=kill_marked_processes,
        on_error=on_error,
    )
