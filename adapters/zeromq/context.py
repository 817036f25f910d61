"""The ZeroMQ context that users can use for sockets of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zmq.asyncio

_contexts: list[zmq.asyncio.Context] = []


def asyncio_context() -> zmq.asyncio.Context:
    """Return this process's one context, which the first call creates."""
    import zmq.asyncio  # slow to import, and the engine does not need it

    if not _contexts:
        _contexts.append(zmq.asyncio.Context())
    return _contexts[0]
