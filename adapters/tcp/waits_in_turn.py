"""Several threads of a model that wait, and a manager that takes one wait at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from adapters.wire import mmp
from adapters.wire.requests import Request
from domain.coupling.messages import Wait


class WaitsInTurn:
    """Tells MUSCLE3's manager of one wait of this instance at a time.

    Told of a second one before the first is over, it drops the connection, and counts the request
    as being executed: the instance would hang.

    Args:
        ask: Sends a request to the manager, and returns when it has answered.
    """

    def __init__(self, ask: Callable[[Request[[Wait], None], Wait], Any]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._waits: list[Wait] = []

    # The lock is held while asking, since the order of these requests is what this is about.

    def begin(self, wait: Wait) -> None:
        """Tell the manager of a wait, unless it knows of another."""
        with self._lock:
            self._waits.append(wait)
            if len(self._waits) == 1:
                self._ask(mmp.waiting_for_receive, wait)

    def end(self, wait: Wait) -> None:
        """Tell the manager that a wait is over, if it knows of it, and of the next one instead."""
        with self._lock:
            is_known = self._waits[0] == wait
            self._waits.remove(wait)
            if is_known:
                self._ask(mmp.waiting_for_receive_done, wait)
                if self._waits:
                    self._ask(mmp.waiting_for_receive, self._waits[0])
