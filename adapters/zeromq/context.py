"""The one context of ZeroMQ that users get."""

from __future__ import annotations

import zmq.asyncio

_contexts: list[zmq.asyncio.Context] = []


def shared_context() -> zmq.asyncio.Context:
    """Return the context of this process, created at the first call."""
    if not _contexts:
        _contexts.append(zmq.asyncio.Context())
    return _contexts[0]


def close_shared_context() -> None:
    """End the context, if there is one, with all its sockets."""
    while _contexts:
        _contexts.pop().destroy(linger=0)
