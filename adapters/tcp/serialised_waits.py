"""Reports the waits of several threads to a manager that accepts one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from adapters.wire import mmp
from adapters.wire.requests import Request
from domain.coupling.messages import Wait


class SerialisedWaits:
    """Reports one wait of this instance at a time to MUSCLE3's manager.

    If a second wait is reported before the first is over, that manager drops the connection, and
    then waits for the request to complete, so the instance would hang.

    Args:
        send: Sends a request to the manager, and returns its answer.
    """

    def __init__(self, send: Callable[[Request[[Wait], None], Wait], Any]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._waits: list[Wait] = []

    # The lock is held during requests, because it protects their order.

    def begin(self, wait: Wait) -> None:
        """Report a wait, unless another one is reported already."""
        with self._lock:
            self._waits.append(wait)
            if len(self._waits) == 1:
                self._send(mmp.waiting_for_receive, wait)

    def end(self, wait: Wait) -> None:
        """Report the end of a wait if it was reported, and then the next wait."""
        with self._lock:
            is_reported = self._waits[0] == wait
            self._waits.remove(wait)
            if is_reported:
                self._send(mmp.waiting_for_receive_done, wait)
                if self._waits:
                    self._send(mmp.waiting_for_receive, self._waits[0])
