"""A server for thousands of connections in one thread."""

from __future__ import annotations

import contextlib
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias, final

from adapters.io import connections, network
from adapters.io.connections import Connection
from adapters.io.event_loop import READABLE, WRITABLE, EventLoop, with_traceback
from adapters.tcp.listeners import Listeners
from adapters.tcp.untrusted_clients import MAX_UNTRUSTED_CLIENTS, PATIENCE, UntrustedClients
from adapters.wire import greeting
from adapters.wire.first_bytes import begins_tls
from adapters.wire.locations import TcpAddress, UnixAddress, is_loopback_host
from adapters.wire.session_server import (
    Buffers,
    OutdatedClientRefused,
    Request,
    ServerConnection,
    Session,
    SessionTable,
    StreamRequested,
)
from domain.errors import RemoteProtocolError
from domain.running.clients import MANAGER, Origin

Reply: TypeAlias = Callable[[Buffers], None]
RequestCallback: TypeAlias = Callable[[Request, Reply], None]
SessionCallback: TypeAlias = Callable[[Session], None]
StreamCallback: TypeAlias = Callable[[Connection, StreamRequested], None]
ErrorCallback: TypeAlias = Callable[[str], None]
Admission: TypeAlias = Callable[[socket.socket, Session | None], Origin | None]

RECEIVE_SIZE: Final = 65536
DEFAULT_PORT: Final = 9000
FIRST_SESSION_ID_BITS: Final = 61
"""Number of random bits in the first session id. Later ids count up from it. All ids fit a signed
64-bit integer, as MUSCLE3's clients require, and stay below the magic number of our own clients."""


class _Client:
    """A connection of a client: its socket, and the data that have not been sent yet."""

    __slots__ = (
        "_has_begun",
        "connection",
        "has_been_noted",
        "outgoing",
        "peer",
        "serve",
        "session",
        "socket",
    )

    def __init__(self, sock: socket.socket, connection: ServerConnection, peer: str) -> None:
        self.socket: Connection = sock
        self._has_begun = False
        self.connection = connection
        self.peer = peer
        self.session: Session | None = None
        self.serve: Callable[[], None] = lambda: None
        self.outgoing: deque[memoryview] = deque()
        self.has_been_noted = False

    def receive(self, secret: str | None) -> bytes:
        """Receive data; the first bytes decide whether the connection is encrypted."""
        data = self.socket.recv(RECEIVE_SIZE)
        if self._has_begun or not data:
            return data
        self._has_begun = True
        if secret is None or not begins_tls(data) or not isinstance(self.socket, socket.socket):
            return data
        self.connection.is_encrypted = True
        self.socket = connections.accepted(self.socket, secret, first=data)
        return self.socket.recv(RECEIVE_SIZE)


@final
class Server:
    """Listens, and passes requests to a callback, one at a time, on the thread of its loop.

    A request may be answered immediately or later; the client waits. All callbacks run on the
    loop's thread and must not block. If one raises, the error is reported, and the server
    continues.

    Args:
        on_request: Executes a request. Its second argument is a function that takes the response;
            it must be called once, from any thread. If `on_request` raises before that, the
            client's session ends; a RemoteProtocolError means that the client caused the error.
        loop: Makes the server's callbacks; the server starts and closes it.
        max_request: Largest request to accept from a trusted client, in bytes.
        secret: Secret of the run; None if our own greeting is not offered.
        identity: The server's own identity, which it proves with the secret.
        admit: Called when a client without proof opens a session, or resumes the one that is
            passed. Returns where the client connects from, or raises a RemoteProtocolError to
            refuse it. By default all are admitted.
        locate: Returns where a client connects from; None if unknown.
        needs_secret: Returns whether a request is only for clients that know the secret.
        may_wait: Returns whether a request is executed after all others that have arrived.
        on_stream: Takes over the socket of a client that requests a stream.
        on_session_ended: Called when a client has ended its session.
        on_connected: Called when a session gets a connection, also after it lost one.
        on_disconnected: Called when a session has lost its last connection, ended or not.
        on_error: Called with a message about a client that violates the protocol, once for each
            connection, or about an internal error.
        max_untrusted: Number of clients to keep that are not trusted; see `UntrustedClients`.
        patience: Seconds that such a client may take for its greeting or for one request.

    Attributes:
        loop: Makes callbacks for the server and for other objects on its thread.
    """

    def __init__(
        self,
        on_request: RequestCallback,
        *,
        loop: EventLoop,
        max_request: int,
        secret: str | None = None,
        identity: str = MANAGER,
        admit: Admission = lambda _socket, _session: None,
        locate: Callable[[Connection], Origin | None] = lambda _socket: None,
        needs_secret: Callable[[bytes], bool] = lambda _request: False,
        may_wait: Callable[[bytes], bool] = lambda _request: False,
        on_stream: StreamCallback | None = None,
        on_session_ended: Callable[[], None] = lambda: None,
        on_connected: SessionCallback = lambda _session: None,
        on_disconnected: SessionCallback = lambda _session: None,
        on_error: ErrorCallback = lambda _text: None,
        max_untrusted: int = MAX_UNTRUSTED_CLIENTS,
        patience: float = PATIENCE,
    ) -> None:
        self._on_request = on_request
        self._on_stream = on_stream
        self._on_session_ended = on_session_ended
        self._on_connected = on_connected
        self._on_disconnected = on_disconnected
        self._on_error = on_error
        self._max_request = max_request
        self._secret = secret
        self._identity = identity
        self._admit = admit
        self._locate = locate
        self._needs_secret = needs_secret
        self._may_wait = may_wait
        self._sessions = SessionTable(first_id=_first_session_id())
        self._clients: dict[ServerConnection, _Client] = {}
        self._untrusted = UntrustedClients[_Client](
            limit=max_untrusted, patience=patience, scheduler=loop, drop=self._refuse
        )
        self._listeners = Listeners(
            loop,
            on_accepted=self._add_client,
            on_error=self._report,
            make_room=self._untrusted.make_room,
        )
        self.loop: Final = loop
        loop.on_error(self._report)
        loop.at_end(self._drop_all)

    def listen(self, hosts: Sequence[str], *, port: int | None = None) -> list[TcpAddress]:
        """Listen on all of the hosts' addresses at one port.

        Args:
            hosts: Addresses to listen on.
            port: The preferred port; if it is in use, another one is chosen.

        Returns:
            The addresses.

        Raises:
            OSError: If the server cannot listen on any of them.
        """
        addresses = self._listeners.listen(hosts, port=port)
        connections.prepare(self._secret, addresses)
        return addresses

    def listen_everywhere(self, *, port: int | None = None) -> list[TcpAddress]:
        """Listen on all addresses of this machine.

        Args:
            port: The preferred port; if it is in use, another one is chosen.

        Returns:
            The addresses at which clients can reach this server, most likely first.

        Raises:
            OSError: If the server cannot listen on any address.
        """
        addresses = self._listeners.listen_everywhere(port=port)
        connections.prepare(self._secret, addresses)
        return addresses

    def listen_unix(self) -> UnixAddress | None:
        """Listen on an abstract Unix socket too; return None if the system has none."""
        return self._listeners.listen_unix()

    def start(self) -> None:
        """Start the thread."""
        limit = network.allow_many_files()
        self._untrusted.limit = min(self._untrusted.limit, limit // 2)
        self.loop.start()

    @property
    def session_count(self) -> int:
        """Number of clients that have made requests and not ended their session."""
        return self._sessions.in_use

    def clients(self) -> set[str]:
        """Return the names of the clients that have not ended all their sessions."""
        return self._sessions.clients()

    def connected_instances(self) -> set[str]:
        """Return the instances that have registered, and whose program is still connected."""
        return self._sessions.connected_instances()

    def sessions_of(self, client: str) -> list[Session]:
        """Return the sessions that have not been ended, connected or not."""
        return self._sessions.of_client(client)

    def end_sessions_of(self, client: str) -> None:
        """Forget the sessions of a client that will not come back. Thread-safe."""

        def end() -> None:
            for session in self._sessions.of_client(client):
                self._sessions.end(session)
            self._on_session_ended()

        self.loop.call_soon(end)

    def has_responses_in_transit(self) -> bool:
        """Whether the machine of a client has not received all responses. Thread-safe."""
        return any(network.is_in_transit(client.socket) for client in list(self._clients.values()))

    def close(self) -> None:
        """Send what can be sent at once, close everything, and join the thread."""
        self.loop.close()
        self._listeners.close()

    def _report(self, message: str) -> None:
        with contextlib.suppress(Exception):
            self._on_error(message)

    def _report_client(self, client: _Client, message: str) -> None:
        if not client.has_been_noted:
            client.has_been_noted = True
            self._report(message)

    def _add_client(self, sock: socket.socket, peer: str) -> None:
        sock.setblocking(False)
        if sock.family == socket.AF_UNIX and not network.is_own_user(sock):
            sock.close()
            self._report("a program of another user connected to a Unix socket, and was refused")
            return
        network.set_tcp_options(sock)
        connection = ServerConnection(
            self._sessions,
            max_request=self._max_request,
            secret=self._secret,
            nonce=os.urandom(greeting.NONCE_SIZE),
            identity=self._identity,
            admit=partial(self._admit, sock),
            must_encrypt=sock.family != socket.AF_UNIX and not is_loopback_host(peer),
        )
        client = self._clients[connection] = _Client(sock, connection, peer)
        client.serve = partial(self._serve, client)
        self.loop.watch(sock, client.serve)
        self._untrusted.add(client)

    def _refuse(self, client: _Client, reason: str) -> None:
        self._report_client(client, f"disconnected a client at {client.peer}: {reason}")
        self._drop(client)

    def _serve(self, client: _Client) -> None:
        if client.outgoing:
            self._flush(client)
        if client.outgoing:
            # do not read from a client that does not receive: its responses would accumulate
            return
        try:
            data = client.receive(self._secret)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._drop(client)
            return
        except RemoteProtocolError as error:
            self._report_client(client, _error_message(client, error))
            self._drop(client)
            return
        if not data:
            self._end_of_data(client)
            return
        try:
            if not self._proceed(client, data):
                return
        except Exception as error:  # noqa: BLE001 - a failure for one client must not end the server
            self._report_client(client, _error_message(client, error))
            self._drop(client)
            return
        self._send_pending(client)
        if client.connection.is_done and not client.outgoing:
            self._drop(client)

    def _proceed(self, client: _Client, data: bytes) -> bool:
        """Process received data; return False if the connection was handed over."""
        events = client.connection.received(data)
        if self._note_session(client) or events:
            self._untrusted.note_progress(client)
        for event in events:
            if isinstance(event, Request):
                self._execute(client, event)
            elif isinstance(event, StreamRequested):
                self._hand_over(client, event)
                return False
            elif isinstance(event, OutdatedClientRefused):
                self._report_client(client, event.reason)
            else:
                self._on_session_ended()
        return True

    def _note_session(self, client: _Client) -> bool:
        """Return whether the client has just opened or resumed a session."""
        session = client.connection.session
        if session is None or client.session is not None:
            return False
        client.session = session
        session.owner.locate = partial(self._locate, client.socket)
        session.connections += 1
        if session.connections == 1:
            self._on_connected(session)
        return True

    def _execute(self, client: _Client, request: Request) -> None:
        if self._may_wait(request.body):
            self.loop.call_in_background(lambda: self._execute_now(client, request))
        else:
            self._execute_now(client, request)

    def _execute_now(self, client: _Client, request: Request) -> None:
        def reply(response: Buffers) -> None:
            if self.loop.is_this_thread:
                self._finish(request, response)
            else:
                self.loop.call_soon(lambda: self._finish(request, response))

        try:
            if not request.session.is_authenticated and self._needs_secret(request.body):
                msg = "it made a request that only clients with the secret of this run may make"
                raise RemoteProtocolError(msg)
            self._on_request(request, reply)
        except Exception as error:  # noqa: BLE001 - a failure for one client must not end the server
            self._report_client(client, _error_message(client, error))
            if request.session.is_executing:
                # The request will never be answered, so end the session: the client stops waiting.
                self._sessions.end(request.session)
                self._on_session_ended()
                self._drop(client)

    def _finish(self, request: Request, response: Buffers) -> None:
        if not request.session.is_executing or request.session.number != request.number:
            return
        request.session.finish(response)
        connection = request.session.connection
        client = self._clients.get(connection) if connection is not None else None
        if client is not None:
            self._untrusted.note_progress(client)
            client.connection.answer(response)
            self._send_pending(client)

    def _end_of_data(self, client: _Client) -> None:
        if client.connection.unread:
            self._report_client(
                client, f"a client at {client.peer} left in the middle of a request"
            )
        self._drop(client)

    def _send_pending(self, client: _Client) -> None:
        client.outgoing.extend(
            memoryview(part).cast("B") for part in client.connection.data_to_send() if len(part)
        )
        if client.outgoing:
            self._flush(client)

    def _flush(self, client: _Client) -> None:
        try:
            network.send_some(client.socket, client.outgoing)
        except OSError:
            self._drop(client)
            return
        self.loop.watch(
            client.socket, client.serve, events=WRITABLE if client.outgoing else READABLE
        )

    def _hand_over(self, client: _Client, request: StreamRequested) -> None:
        del self._clients[client.connection]
        self._untrusted.remove(client)
        self.loop.unwatch(client.socket)
        if self._on_stream is None:
            client.socket.close()
        else:
            self._on_stream(client.socket, request)

    def _drop_all(self) -> None:
        for client in list(self._clients.values()):
            self._flush(client)
            self._drop(client)

    def _drop(self, client: _Client) -> None:
        if self._clients.pop(client.connection, None) is None:
            return
        self._untrusted.remove(client)
        self.loop.unwatch(client.socket)
        client.socket.close()
        if client.session is not None:
            self._leave_session(client, client.session)

    def _leave_session(self, client: _Client, session: Session) -> None:
        if session.connection is client.connection:
            session.connection = None
        session.connections -= 1
        if not session.connections and not self.loop.is_closing:
            self._on_disconnected(session)


def _first_session_id() -> int:
    """Return a random id for the first session.

    Clients of an earlier run may still try to reconnect to port 9000. If ids were 1, 2, 3, … as
    there, such a client would take over the session of an instance of this run.
    """
    return 1 + (int.from_bytes(os.urandom(8), "little") >> (64 - FIRST_SESSION_ID_BITS))


def _error_message(client: _Client, error: Exception) -> str:
    if isinstance(error, RemoteProtocolError):
        return f"protocol error by a client at {client.peer}: {error}"
    return f"internal error while serving a client at {client.peer}: {with_traceback(error)}"
