"""Listens for the manager's request to make a snapshot."""

from __future__ import annotations

import threading
from collections.abc import Callable

from adapters.tcp.session_client import SessionClient
from adapters.wire import mmp
from adapters.wire.requests import Status, decode_response
from domain.errors import CouplingError


class SaveRequestListener:
    """Sends a request that the manager answers when it wants a snapshot, and waits for the answer.

    Args:
        instance: Name of the instance.
        session: A dedicated session, which is closed with the listener.
        on_request: Called with the reason, on the listener's thread.
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
        """Stop listening. Idempotent."""
        self._session.close()
        self._thread.join()

    def _listen(self) -> None:
        try:
            status, values = decode_response(self._session.call(self._request))
        except CouplingError:
            return  # the instance detects a lost manager at its next request
        if status is Status.SUCCESS:
            self._on_request(mmp.await_checkpoint_request.decode_answer(values))
