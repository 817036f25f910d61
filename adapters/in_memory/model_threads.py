"""Threads of a model that wait for peers only."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import final

from typing_extensions import override

from application.interfaces.model_threads import ModelThreads


@final
class InMemoryModelThreads(ModelThreads):
    """Considers a thread that uses the instance to be active while it does not wait for a peer."""

    def __init__(self) -> None:
        self._users: set[int] = set()
        self._waiting: set[int] = set()

    @override
    def note_use(self) -> None:
        self._users.add(threading.get_ident())

    @override
    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        ident = threading.get_ident()
        self._waiting.add(ident)
        try:
            yield
        finally:
            self._waiting.discard(ident)

    @override
    def all_wait(self) -> bool:
        alive = {thread.ident for thread in threading.enumerate()}
        return not (self._users & alive) - self._waiting
