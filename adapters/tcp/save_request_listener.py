"""Where an instance hears that the manager wants a snapshot."""

from __future__ import annotations

import threading
from collections.abc import Callable

from adapters.tcp.session_client import SessionClient
from adapters.wire import mmp
from adapters.wire.requests import Status, decode_response
from domain.errors import CouplingError


class SaveRequestListener:
    """Asks the manager, and waits for the answer for as long as it takes.

    Args:
        instance: Name of the instance.
        session: For this question only; it is closed with the line.
        on_request: Called with the reason, on the line's own thread.
    """

    def __init__(
        self, instance: str, session: SessionClient, on_request: Callable[[str], None]
    ) -> None:
        self._session = session
        self._request = mmp.await_checkpoint_request.encode(instance)
        self._on_request = on_request
        self._thread = threading.Thread(
            target=self._listen, name=f"conjoin-checkpoints-{instance}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop waiting. May be called more than once."""
        self._session.close()
        self._thread.join()

    def _listen(self) -> None:
        try:
            status, values = decode_response(self._session.call(self._request))
        except CouplingError:
            return  # a manager that is gone is noticed where the instance needs it
        if status is Status.SUCCESS:
            self._on_request(mmp.await_checkpoint_request.decode_answer(values))
