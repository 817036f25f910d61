"""The ZeroMQ context of a process, for sockets of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zmq.asyncio

_contexts: list[zmq.asyncio.Context] = []


def shared_context() -> zmq.asyncio.Context:
    """Return the context of this process, created at the first call."""
    # imported late, because few programs need it, and it takes time and memory
    import zmq.asyncio

    if not _contexts:
        _contexts.append(zmq.asyncio.Context())
    return _contexts[0]


def close_shared_context() -> None:
    """End the context, if there is one, with all its sockets."""
    while _contexts:
        _contexts.pop().destroy(linger=0)
