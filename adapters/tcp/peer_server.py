"""The listening sockets of an instance, shared by all its transports that use TCP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final, final

from adapters.io.connections import Connection
from adapters.io.event_loop import EventLoop
from adapters.tcp.server import (
    Admission,
    ErrorCallback,
    Reply,
    RequestCallback,
    Server,
    StreamCallback,
)
from adapters.wire.locations import Address
from adapters.wire.session_server import Request, Session, StreamRequested
from domain.errors import RemoteProtocolError
from domain.running.clients import instance_identity

MAX_REQUEST: Final = 2**16
"""A request for a message contains the name of an endpoint, and nothing else."""

MAX_UNTRUSTED_CLIENTS: Final = 4096
"""Receivers that use MUSCLE3's library connect when they start, and may ask for a first message
only hours later. There may be one for each slot of a port."""


@final
class PeerServer:
    """Accepts connections from peers, and passes each on to the transport that handles its kind.

    One port serves MUSCLE3's clients and ours, which differ in the first bytes that they send. The
    server starts when the first transport registers, and closes when the last one unregisters.
    Create all transports before you publish their locations: the server closes connections of a
    kind that no transport handles yet.

    Args:
        instance: Name of this instance.
        secret: The run's secret; None accepts no streams.
        hosts: Addresses to listen on; None for all of this machine's.
        admit: Admits clients without proof; see `Server`. By default all are admitted.
        on_error: Receives descriptions of connections that violate a protocol, on the server's
            thread.

    Attributes:
        addresses: Addresses for clients on any machine, the most likely to work first.
        local_addresses: Faster addresses for our own clients on this machine.
        loop: Makes callbacks on the server's thread.
        report: Reports a problem to the user of this instance.
    """

    def __init__(
        self,
        instance: str,
        *,
        secret: str | None = None,
        hosts: Sequence[str] | None = None,
        admit: Admission = lambda _socket, _session: None,
        on_error: ErrorCallback = lambda _text: None,
    ) -> None:
        self.loop: Final = EventLoop(f"conjoin-io-{instance}")
        self._on_request: RequestCallback = _refuse_request
        self._on_stream: StreamCallback = _refuse_stream
        self._on_session_ended: Callable[[], None] = lambda: None
        self._users = 0
        self.report: Final = on_error
        self._changed = threading.Lock()
        self._server = Server(
            lambda request, reply: self._on_request(request, reply),
            loop=self.loop,
            max_request=MAX_REQUEST,
            max_untrusted=MAX_UNTRUSTED_CLIENTS,
            secret=secret,
            identity=instance_identity(instance),
            admit=admit,
            on_stream=lambda sock, request: self._on_stream(sock, request),
            on_session_ended=lambda: self._on_session_ended(),
            on_error=on_error,
        )
        self.addresses: Final[Sequence[Address]] = (
            self._server.listen(hosts) if hosts else self._server.listen_everywhere()
        )
        unix = None if secret is None else self._server.listen_unix()
        self.local_addresses: Final[Sequence[Address]] = [] if unix is None else [unix]

    def serve_requests(
        self, on_request: RequestCallback, *, on_session_ended: Callable[[], None]
    ) -> None:
        """Register the transport that answers requests.

        Args:
            on_request: Answers a request, on the server's thread.
            on_session_ended: Called when a client has ended its session.
        """
        self._on_request = on_request
        self._on_session_ended = on_session_ended
        self._register()

    def serve_streams(self, on_stream: StreamCallback) -> None:
        """Register the transport that sends streams.

        Args:
            on_stream: Takes over the socket of a client that requests a stream, on the server's
                thread.
        """
        self._on_stream = on_stream
        self._register()

    @property
    def session_count(self) -> int:
        """Number of clients that have made requests and not ended their session."""
        return self._server.session_count

    def clients(self) -> set[str]:
        """Return the names of the clients that have not ended all their sessions."""
        return self._server.clients()

    def sessions_of(self, client: str) -> list[Session]:
        """Return the sessions that have not been ended, connected or not."""
        return self._server.sessions_of(client)

    def end_sessions_of(self, client: str) -> None:
        """Forget the sessions of a client that will not come back. Thread-safe."""
        self._server.end_sessions_of(client)

    def has_responses_in_transit(self) -> bool:
        """Whether the machine of a client has not received all responses. Thread-safe."""
        return self._server.has_responses_in_transit()

    def leave(self) -> None:
        """Unregister a transport; after the last one, close the server and join its thread."""
        with self._changed:
            self._users -= 1
            is_last = self._users == 0
        if is_last:
            self._server.close()

    def _register(self) -> None:
        with self._changed:
            self._users += 1
            is_first = self._users == 1
        if is_first:
            self._server.start()


def _refuse_request(request: Request, reply: Reply) -> None:  # noqa: ARG001 - a callback's signature
    msg = "a client requested a message, but this instance sends streams only"
    raise RemoteProtocolError(msg)


def _refuse_stream(sock: Connection, _request: StreamRequested) -> None:
    sock.close()
    msg = "a client requested a stream, but this instance only answers requests for messages"
    raise RemoteProtocolError(msg)
