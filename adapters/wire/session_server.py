"""The server's side of sessions, without sockets.

Requests and responses survive a lost connection, and each request is executed exactly once. A
session has an id and outlives its connections. One request at a time is outstanding in it. The
requests are numbered, so that a client that lost its connection can repeat the current one on a new
connection, and the server detects whether it has executed it already. On each connection::

    client → server   session id        0 = a new session
    server → client   session id        the same id when resuming
    then, any number of times:
    client → server   request number    1, 2, 3, … ; 0 ends the session
    client → server   length, bytes     the request
    server → client   length, bytes     the response

Our own clients send a greeting first (see `greeting`). This module is the server's side, and
`session_client` is the client's. How the server handles a request depends on its number::

                        number above the last, nothing running
       ┌────────────── idle ───────────────────────────────────> executing ──┐
       │ number = last: │ ▲                                        │  number = running:
       └─ send the kept ┘ └──────────────── response ──────────────┘  answer there when done
          response

A request with any other number is dropped: it is stale, or the client is broken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from adapters.wire import greeting, outdated_clients
from adapters.wire.first_bytes import is_session_id
from adapters.wire.frames import (
    WORD_SIZE,
    Parser,
    ParserFeed,
    integer,
    read_block,
    read_integer,
    word,
)
from application.interfaces.admission import Client
from domain.errors import RemoteProtocolError
from domain.running.clients import MANAGER, Origin

Buffers: TypeAlias = Sequence[bytes | bytearray | memoryview]

MAX_UNTRUSTED_REQUEST: Final = 2**16
"""Largest request of a client that is not trusted yet, in bytes."""

MAX_HELLO: Final = 2**14
"""Largest introduction of a client that requests a stream, in bytes: a name and a number."""

MAX_UNTRUSTED_SESSIONS: Final = 1024


class Session:
    """One client's requests, over all of its connections.

    Attributes:
        id: Number with which the client resumes the session.
        number: Number of the last request that was begun; 0 before the first.
        connection: The connection on which the client waits for the response to it, if any.
        connections: Number of connections. There are two if the client reconnected before the
            server detected that the first connection was lost.
        client: Name of the client, once the code that executes its requests has set it.
        owner: What is known about the client, which alone may resume the session.
    """

    __slots__ = ("_response", "client", "connection", "connections", "id", "number", "owner")

    def __init__(self, session_id: int, *, identity: str = "") -> None:
        self.id = session_id
        self.owner = Client(identity)
        self.number = 0
        self.connection: ServerConnection | None = None
        self.connections = 0
        self.client = ""
        self._response: Buffers | None = ()

    @property
    def is_authenticated(self) -> bool:
        """Whether the client has proved that it knows the run's secret."""
        return bool(self.owner.identity)

    @property
    def is_trusted(self) -> bool:
        """Whether its client is known to belong to this run: by proof, or since it was admitted.

        An admitted client, such as a registered instance of MUSCLE3, has a name.
        """
        return self.is_authenticated or bool(self.client or self.owner.instance)

    @property
    def is_executing(self) -> bool:
        """Whether a request is being executed."""
        return self._response is None

    def accept(self, number: int) -> bool:
        """Return whether a request is new; if it is, mark it as being executed."""
        if self.is_executing or number <= self.number:
            return False
        self.number = number
        self._response = None
        return True

    def kept_response(self, number: int) -> Buffers | None:
        """Return the response to the last request if it has this number and is finished."""
        return self._response if number == self.number and not self.is_executing else None

    def finish(self, response: Buffers) -> None:
        """Keep the response to the request that was being executed."""
        self._response = response


class Request(NamedTuple):
    """A request to execute once."""

    session: Session
    number: int
    body: bytes


class SessionEnded(NamedTuple):
    """The client has ended its session."""

    session: Session


class StreamRequested(NamedTuple):
    """The client requests a stream of messages instead of a session.

    Attributes:
        hello: The hello of the client; see `stream`.
        trailing_data: Data that the client has already sent after it.
        client: The identity that the client has proved.
    """

    hello: bytes
    trailing_data: bytes = b""
    client: str = ""


class OutdatedClientRefused(NamedTuple):
    """The client uses a version of MUSCLE3's library without sessions; it gets an error."""

    reason: str


Event: TypeAlias = Request | SessionEnded | StreamRequested | OutdatedClientRefused
Admit: TypeAlias = Callable[[Session | None], Origin | None]


def _admit_all(_session: Session | None) -> None:
    """Admit a client from anywhere."""


class SessionTable:
    """The sessions of one server.

    Args:
        first_id: Id of the first session, from 1 to 2**63 - 1; later ids count up from it. Use a
            random id if another server may have used the same address, so that its clients cannot
            resume a session here.
        max_untrusted: Number of sessions without a trusted client to keep. The oldest one that has
            no connection is forgotten when there are more.
    """

    def __init__(self, *, first_id: int = 1, max_untrusted: int = MAX_UNTRUSTED_SESSIONS) -> None:
        self._sessions: dict[int, Session] = {}
        self._untrusted: deque[Session] = deque()
        self._max_untrusted = max_untrusted
        self._next_id = first_id

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def in_use(self) -> int:
        """Number of sessions whose client may come back for the response to a request.

        A client that lost its connection before it received the session id opens a new session,
        so sessions without requests do not count.
        """
        # copy the sessions, since threads other than the server's read this property
        return sum(session.number > 0 for session in list(self._sessions.values()))

    def clients(self) -> set[str]:
        """Return the names of the clients that have not ended all their sessions. Thread-safe."""
        return {session.client for session in list(self._sessions.values())}

    def connected_instances(self) -> set[str]:
        """Return the instances, deregistered or not, that have a connected session. Thread-safe."""
        return {
            session.owner.instance
            for session in list(self._sessions.values())
            if session.connections and session.owner.instance
        }

    def of_client(self, client: str) -> list[Session]:
        """Return the sessions that a client has not ended. Thread-safe."""
        return [session for session in list(self._sessions.values()) if session.client == client]

    def open(self, session_id: int, *, identity: str = "", admit: Admit = _admit_all) -> Session:
        """Return a new session for id 0, otherwise the session with this id.

        Args:
            session_id: Id that the client sent.
            identity: The identity that it has proved; empty if it has proved none.
            admit: Admits a client without proof; see `ServerConnection`.

        Raises:
            RemoteProtocolError: If the session does not exist, or belongs to another client, or the
                client is not admitted.
        """
        if session_id == 0:
            while not is_session_id(self._next_id):
                self._next_id += 1
            session = Session(self._next_id, identity=identity)
            session.owner.origin = None if identity else admit(None)
            self._sessions[session.id] = session
            self._next_id += 1
            self._limit_untrusted(session)
            return session
        found = self._sessions.get(session_id)
        if found is None:
            msg = f"a client tried to resume session {session_id}, which does not exist"
            raise RemoteProtocolError(msg)
        if found.owner.identity != identity:
            # ids are predictable, so an id does not prove the client's identity
            msg = f"a client tried to resume session {session_id}, which belongs to another client"
            raise RemoteProtocolError(msg)
        if not identity:
            found.owner.origin = admit(found)
        return found

    def may_be_request(self, session_id: int) -> bool:
        """Whether the first word of a client may be the length of a request of an old client."""
        return session_id in outdated_clients.REQUEST_SIZES and session_id not in self._sessions

    def end(self, session: Session) -> None:
        """Forget a session."""
        self._sessions.pop(session.id, None)

    def _limit_untrusted(self, newest: Session) -> None:
        if newest.is_trusted:
            return
        self._untrusted.append(newest)
        for _ in range(len(self._untrusted) - self._max_untrusted):
            oldest = self._untrusted.popleft()
            if oldest.is_trusted or self._sessions.get(oldest.id) is not oldest:
                continue
            if oldest.connections:
                self._untrusted.append(oldest)
            else:
                self.end(oldest)


class ServerConnection:
    """The server's side of one connection: bytes in, events and bytes out.

    The caller passes received bytes to `received`, executes the requests that it returns, passes
    each response to `answer`, and sends what `data_to_send` returns after either.

    Args:
        sessions: The server's sessions.
        max_request: Largest request to accept from a trusted client, in bytes.
        secret: The run's secret; None if our own greeting is not offered.
        nonce: 32 random bytes for this connection.
        identity: The server's own identity, which it proves with the secret.
        admit: Called when a client that has proved nothing opens a session, or resumes the one that
            is passed. Returns where the client connects from, or raises a RemoteProtocolError to
            refuse it.
        must_encrypt: Whether to refuse a greeting on a connection that is not encrypted.

    Attributes:
        is_encrypted: Whether the client has begun to encrypt; set by the caller.
        session: The client's session, once it is open.
        client: The identity that the client has proved; empty if it has proved none.
    """

    def __init__(
        self,
        sessions: SessionTable,
        *,
        max_request: int,
        secret: str | None = None,
        nonce: bytes = b"",
        identity: str = MANAGER,
        admit: Admit = _admit_all,
        must_encrypt: bool = False,
    ) -> None:
        self._must_encrypt = must_encrypt
        self._sessions = sessions
        self._max_request = max_request
        self._secret = secret
        self._nonce = nonce
        self._identity = identity
        self._admit = admit
        self._outgoing: list[bytes | bytearray | memoryview] = []
        self._events: list[Event] = []
        self._is_in_request = False
        self.is_encrypted = False
        self.session: Session | None = None
        self.client = ""
        self._feed = ParserFeed(self._parse())

    @property
    def is_authenticated(self) -> bool:
        """Whether the client has proved that it knows the run's secret."""
        return bool(self.client)

    @property
    def is_done(self) -> bool:
        """Whether the client has ended its session, and must not send more."""
        return self._feed.is_done

    @property
    def is_trusted(self) -> bool:
        """Whether the client is known to belong to this run."""
        return self.is_authenticated or (self.session is not None and self.session.is_trusted)

    @property
    def is_in_the_middle(self) -> bool:
        """Whether the client must send more: the rest of its greeting, or of a request."""
        return not self.is_done and (self.session is None or self.unread)

    @property
    def unread(self) -> bool:
        """Whether the client has sent an incomplete request or greeting."""
        return self._feed.unparsed > 0 or self._is_in_request

    def data_to_send(self) -> Buffers:
        """Remove and return the bytes to send now."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def received(self, data: bytes | memoryview) -> list[Event]:
        """Parse received bytes; return the resulting events.

        Raises:
            RemoteProtocolError: If they violate the protocol; the caller closes the connection.
        """
        self._feed.feed(data)
        events, self._events = self._events, []
        if self._feed.is_done and self._feed.unparsed:
            match events:
                case [*_, StreamRequested() as request]:
                    events[-1] = request._replace(trailing_data=self._feed.take_unparsed())
                case _:
                    msg = "a client sent data after ending its session"
                    raise RemoteProtocolError(msg)
        return events

    def answer(self, response: Buffers) -> None:
        """Send a response to the request that the session is executing."""
        length = sum(len(part) for part in response)
        self._outgoing.append(word(length))
        self._outgoing.extend(response)

    def _parse(self) -> Parser[None]:
        first = yield WORD_SIZE
        greeting.check_magic(first)
        if first == greeting.MAGIC and self._secret is not None:
            self._check_encryption()
            introduction = yield from greeting.greet_as_server(
                self._secret, identity=self._identity, nonce=self._nonce, send=self._send
            )
            self.client = introduction.client
            if introduction.purpose is greeting.Purpose.STREAM:
                hello = yield from read_block(min(self._max_request, MAX_HELLO))
                self._events.append(StreamRequested(bytes(hello), client=self.client))
                return
            first = yield WORD_SIZE
        number = integer(first)
        if not self.client and self._sessions.may_be_request(number):
            refusal = outdated_clients.refusal_of(bytes((yield number)))
            if refusal is not None:
                self._outgoing += [word(len(refusal.response)), refusal.response]
                self._events.append(OutdatedClientRefused(refusal.reason))
                return
        session = self._open_session(number)
        while number := (yield from read_integer()):
            self._is_in_request = True
            body = yield from read_block(self._limit(session))
            self._is_in_request = False
            self._take_request(session, number, bytes(body))
        self._sessions.end(session)
        self._events.append(SessionEnded(session))

    def _check_encryption(self) -> None:
        if self._must_encrypt and not self.is_encrypted:
            msg = (
                "a client on another machine greets without encryption: is there a tunnel or proxy"
                " that it reaches at a loopback address, but that does not end at one?"
            )
            raise RemoteProtocolError(msg)

    def _limit(self, session: Session) -> int:
        untrusted = min(self._max_request, MAX_UNTRUSTED_REQUEST)
        return self._max_request if session.is_trusted else untrusted

    def _send(self, data: bytes) -> None:
        self._outgoing.append(data)

    def _open_session(self, session_id: int) -> Session:
        session = self._sessions.open(session_id, identity=self.client, admit=self._admit)
        # The client lost its other connection, and will repeat its request here. If a response were
        # sent before that, the repeated request would cause a second one.
        session.connection = None
        self.session = session
        self._outgoing.append(word(session.id))
        return session

    def _take_request(self, session: Session, number: int, body: bytes) -> None:
        is_new = session.accept(number)
        if number == session.number:
            session.connection = self
        if is_new:
            self._events.append(Request(session, number, body))
            return
        kept = session.kept_response(number)
        if kept is not None:
            self.answer(kept)
