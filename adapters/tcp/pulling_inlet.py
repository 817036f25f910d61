"""Fetches messages from MUSCLE3 instances."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import final

from adapters.tcp.session_client import SessionClient
from adapters.wire import mpp
from application.interfaces.peer_transport import Inlet
from domain.coupling.messages import PeerMessage
from domain.errors import PeerLost, TransportError


class PulledPeer:
    """A MUSCLE3 instance from which we fetch messages.

    A session blocks while a request for a message is outstanding, so each port that waits uses a
    separate session. Idle sessions are reused.
    """

    def __init__(self, name: str, locations: Sequence[str]) -> None:
        self.name = name
        self._locations = locations
        self._idle: list[SessionClient] = []
        self._all: list[SessionClient] = []
        self._lock = threading.Lock()
        self._retry_limit: float | None = None
        self._loss = ""

    def borrow(self) -> SessionClient:
        """Return a session on which no request is outstanding.

        Raises:
            TransportError: If the peer is already lost; this avoids a full retry for each port.
        """
        with self._lock:
            if self._loss:
                raise TransportError(self._loss)
            if self._idle:
                return self._idle.pop()
            session = SessionClient(self._locations, server=f"peer '{self.name}'")
            if self._retry_limit is not None:
                session.limit_retries(self._retry_limit)
            self._all.append(session)
            return session

    def note_lost(self, reason: str) -> None:
        """Record that a session was lost permanently."""
        with self._lock:
            self._loss = self._loss or reason

    def limit_retries(self, seconds: float) -> None:
        """Set how many seconds lost connections are retried, in future sessions too."""
        with self._lock:
            self._retry_limit = seconds
            for session in self._all:
                session.limit_retries(seconds)

    def give_back(self, session: SessionClient) -> None:
        """Make a session available for reuse."""
        with self._lock:
            self._idle.append(session)

    def close(self) -> None:
        """End all sessions."""
        for session in self._all:
            session.close()


@final
class PullingInlet(Inlet):
    """Fetches the messages for one of our endpoints."""

    def __init__(self, peer: PulledPeer, *, receiver: str) -> None:
        self._peer = peer
        self._request = mpp.encode_request(receiver)
        self._session: SessionClient | None = None
        self._receiving = threading.Lock()
        self._marks = (0, 0, 0)

    @property
    def marks(self) -> tuple[int, int, int]:
        return self._marks

    def receive(self, *, timeout: float | None) -> PeerMessage | None:
        # An instance that fails drains its ports while other threads may still receive on them.
        if not self._receiving.acquire(timeout=-1 if timeout is None else timeout):
            return None
        try:
            return self._receive(timeout)
        finally:
            self._receiving.release()

    def _receive(self, timeout: float | None) -> PeerMessage | None:
        try:
            if self._session is None:
                self._session = self._peer.borrow()
                self._session.begin(self._request)
            data = self._session.wait(timeout=timeout)
        except TransportError as error:
            self._peer.note_lost(str(error))
            msg = (
                f"Error while receiving a message: connection with peer '{self._peer.name}' was"
                f" lost. Did the peer crash? ({error})"
            )
            raise PeerLost(msg) from error
        if data is None:
            return None
        arrived = time.time_ns()
        self._peer.give_back(self._session)
        self._session = None
        message = mpp.decode_message(data)
        self._marks = (arrived, arrived, time.time_ns())
        return message
