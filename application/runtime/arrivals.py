"""The messages that have arrived, and whose proxies are not restored yet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Arrivals:
    """Tracks the messages whose content is still being fetched from the store."""

    def __init__(self) -> None:
        self._open: set[asyncio.Future[None]] = set()

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """Track a message until the block ends, which must hold the proxies in it."""
        arrival = asyncio.get_running_loop().create_future()
        self._open.add(arrival)
        try:
            yield
        finally:
            self._open.discard(arrival)
            arrival.set_result(None)

    async def settled(self) -> None:
        """Wait until the proxies of all messages that have arrived so far are held."""
        if self._open:
            await asyncio.wait(list(self._open))
