"""Requests and responses that survive a lost connection, each request executed exactly once.

A session has an id and outlives its connections. One request at a time is outstanding in it, and
they are numbered, so a client that lost its connection repeats the current one on a new connection
and the server knows whether it has already done it::

                        number above the last, nothing running
       ┌────────────── idle ───────────────────────────────────> executing ──┐
       │ number = last: │ ▲                                        │  number = running:
       └─ send the kept ┘ └──────────────── response ──────────────┘  answer there when done
          response

Any other number is dropped unanswered: it is stale, or the client is broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from adapters.wire import greeting
from adapters.wire.frames import MAX_SIGNED, WORD_SIZE, ByteQueue, checked_length, word
from domain.errors import RemoteProtocolError

Buffers = Sequence[bytes | bytearray | memoryview]


class Session:
    """One client's requests, over all of its connections.

    Attributes:
        id: Number by which the client finds it again.
        number: Number of the last request that was begun; 0 before the first.
        connection: The connection on which the client waits for the response to it, if any.
        connections: How many connections it has; two, where one was lost and nobody noticed yet.
        client: Who the client is, once whoever executes its requests knows; else empty.
        is_authenticated: Whether the client has proved that it knows the run's secret.
    """

    __slots__ = (
        "_response",
        "client",
        "connection",
        "connections",
        "id",
        "is_authenticated",
        "number",
    )

    def __init__(self, session_id: int, *, is_authenticated: bool = False) -> None:
        self.id = session_id
        self.is_authenticated = is_authenticated
        self.number = 0
        self.connection: ServerConnection | None = None
        self.connections = 0
        self.client = ""
        self._response: Buffers | None = ()

    @property
    def is_executing(self) -> bool:
        """Whether a request is being worked on."""
        return self._response is None

    def accept(self, number: int) -> bool:
        """Return whether a request is new, and note that it is being worked on if so."""
        if self.is_executing or number <= self.number:
            return False
        self.number = number
        self._response = None
        return True

    def kept_response(self, number: int) -> Buffers | None:
        """Return the response to a request that was done already, if this is that request."""
        return self._response if number == self.number and not self.is_executing else None

    def finish(self, response: Buffers) -> None:
        """Keep the response to the request that was being worked on."""
        self._response = response


class Request(NamedTuple):
    """A request that is to be executed, once."""

    session: Session
    number: int
    body: bytes


class SessionEnded(NamedTuple):
    """The client has said that it will send no more."""

    session: Session


class StreamWanted(NamedTuple):
    """The client wants a stream of messages instead of a session.

    Attributes:
        hello: What it said about itself.
    """

    hello: bytes


class _Step(Enum):
    FIRST_WORD = auto()
    NONCE = auto()
    FINISH = auto()
    SESSION_ID = auto()
    NUMBER = auto()
    LENGTH = auto()
    BODY = auto()
    STREAM_LENGTH = auto()
    STREAM_HELLO = auto()
    DONE = auto()


class SessionTable:
    """The sessions of one server.

    Args:
        first_id: Id of the first session, from 1 to 2**63 - 1; later ids count up from it. A
            server whose address another server may have used starts at a random id, so that a
            client of that other server cannot resume a session here.
    """

    def __init__(self, *, first_id: int = 1) -> None:
        self._sessions: dict[int, Session] = {}
        self._next_id = first_id

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def in_use(self) -> int:
        """How many have had a request, so that their client may come back for the response.

        A client that never learned the id of its session has begun another.
        """
        # a copy, since others ask than the thread that serves
        return sum(session.number > 0 for session in list(self._sessions.values()))

    def of_client(self, client: str) -> list[Session]:
        """Return the sessions that a client has not ended. May be called from any thread."""
        return [session for session in list(self._sessions.values()) if session.client == client]

    def open(self, session_id: int, *, is_authenticated: bool = False) -> Session:
        """Return a new session for id 0, or the one that has this id.

        Args:
            session_id: What the client asks for.
            is_authenticated: Whether it has proved that it knows the run's secret.

        Raises:
            RemoteProtocolError: If there is none, or it is another client's.
        """
        if session_id == 0:
            session = Session(self._next_id, is_authenticated=is_authenticated)
            self._sessions[session.id] = session
            self._next_id += 1
            return session
        found = self._sessions.get(session_id)
        if found is None:
            msg = f"a client wants to resume session {session_id}, which does not exist"
            raise RemoteProtocolError(msg)
        if found.is_authenticated and not is_authenticated:
            # ids count up and can be guessed, so an id is not a proof of identity
            msg = f"a client wants to resume session {session_id}, which belongs to another"
            raise RemoteProtocolError(msg)
        return found

    def end(self, session: Session) -> None:
        """Forget a session."""
        self._sessions.pop(session.id, None)


class ServerConnection:
    """The server's side of one connection: bytes in, events and bytes out.

    The caller feeds what it received to `received`, executes the requests that come out, hands
    each response to `answer`, and sends what `data_to_send` returns after either.

    Args:
        sessions: The server's sessions.
        max_request: Largest request to be accepted, in bytes.
        secret: The run's secret; None where our own greeting is not offered.
        require_secret: Whether to refuse clients that do not know it.
        nonce: 32 random bytes for this connection.
    """

    def __init__(
        self,
        sessions: SessionTable,
        *,
        max_request: int,
        secret: str | None = None,
        require_secret: bool = False,
        nonce: bytes = b"",
    ) -> None:
        self._sessions = sessions
        self._max_request = max_request
        self._secret = secret
        self._require_secret = require_secret
        self._nonce = nonce
        self._client_nonce = b""
        self._step = _Step.FIRST_WORD
        self._incoming = ByteQueue()
        self._outgoing: list[bytes | bytearray | memoryview] = []
        self._number = 0
        self._wanted = WORD_SIZE
        self.session: Session | None = None
        self.is_authenticated = False

    @property
    def is_done(self) -> bool:
        """Whether nothing more is expected of the client."""
        return self._step is _Step.DONE

    @property
    def unread(self) -> bool:
        """Whether the client has begun to say something that is not complete."""
        return len(self._incoming) > 0 or self._step in (_Step.LENGTH, _Step.BODY)

    def data_to_send(self) -> Buffers:
        """Return what is to be sent now, and forget it."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def received(self, data: bytes | memoryview) -> list[Request | SessionEnded | StreamWanted]:
        """Take note of received bytes; return what is to be done about them.

        Raises:
            RemoteProtocolError: If they make no sense; the connection is to be closed.
        """
        self._incoming.put(data)
        events: list[Request | SessionEnded | StreamWanted] = []
        while not self.is_done:
            piece = self._incoming.take(self._wanted)
            if piece is None:
                break
            event = self._proceed(piece)
            if event is not None:
                events.append(event)
        if self.is_done and len(self._incoming):
            msg = "a client went on talking after it had said that it was done"
            raise RemoteProtocolError(msg)
        return events

    def answer(self, response: Buffers) -> None:
        """Send a response to the request on which the session is working."""
        length = sum(len(part) for part in response)
        self._outgoing.append(word(length))
        self._outgoing.extend(response)

    def _proceed(self, piece: bytes) -> Request | SessionEnded | StreamWanted | None:
        step = self._step
        if step is _Step.NUMBER:
            return self._take_number(_integer(piece))
        if step is _Step.BODY:
            self._expect(_Step.NUMBER, WORD_SIZE)
            return self._take_request(piece)
        if step is _Step.STREAM_HELLO:
            self._step = _Step.DONE
            return StreamWanted(piece)
        if step is _Step.LENGTH:
            self._expect(_Step.BODY, checked_length(_integer(piece), self._max_request))
        elif step is _Step.STREAM_LENGTH:
            self._expect(_Step.STREAM_HELLO, checked_length(_integer(piece), self._max_request))
        else:
            self._greet(piece)
        return None

    def _greet(self, piece: bytes) -> None:
        if self._step is _Step.FIRST_WORD and piece == greeting.MAGIC and self._secret is not None:
            self._expect(_Step.NONCE, greeting.NONCE_SIZE)
        elif self._step is _Step.NONCE:
            self._client_nonce = piece
            self._outgoing.append(greeting.server_answer(self._secret or "", piece, self._nonce))
            self._expect(_Step.FINISH, greeting.FINISH_SIZE)
        elif self._step is _Step.FINISH:
            self._finish_greeting(piece)
        else:
            self._open_session(_integer(piece))

    def _finish_greeting(self, piece: bytes) -> None:
        purpose = greeting.check_client_finish(
            self._secret or "", self._client_nonce, self._nonce, piece
        )
        self.is_authenticated = True
        is_stream = purpose is greeting.Purpose.STREAM
        self._expect(_Step.STREAM_LENGTH if is_stream else _Step.SESSION_ID, WORD_SIZE)

    def _open_session(self, session_id: int) -> None:
        if self._require_secret and not self.is_authenticated:
            msg = (
                "it does not know the secret of this run, which the option --require-secret asks"
                " for, so it was refused. MUSCLE3's programs cannot know it; those that use"
                " Conjoin's library find it in the file that CONJOIN_SECRET_FILE names"
            )
            raise RemoteProtocolError(msg)
        self.session = self._sessions.open(session_id, is_authenticated=self.is_authenticated)
        # The client lost its other connection, and has yet to repeat its request here. A response
        # that is sent before it does would be sent once more when it does.
        self.session.connection = None
        self._outgoing.append(word(self.session.id))
        self._expect(_Step.NUMBER, WORD_SIZE)

    def _take_number(self, number: int) -> SessionEnded | None:
        if number > 0:
            self._number = number
            self._expect(_Step.LENGTH, WORD_SIZE)
            return None
        assert self.session is not None
        self._sessions.end(self.session)
        self._step = _Step.DONE
        return SessionEnded(self.session)

    def _take_request(self, body: bytes) -> Request | None:
        session = self.session
        assert session is not None
        is_new = session.accept(self._number)
        if self._number == session.number:
            session.connection = self
        if is_new:
            return Request(session, self._number, body)
        kept = session.kept_response(self._number)
        if kept is not None:
            self.answer(kept)
        return None

    def _expect(self, step: _Step, size: int) -> None:
        self._step = step
        self._wanted = size


def _integer(piece: bytes) -> int:
    value = int.from_bytes(piece, "little")
    if value > MAX_SIGNED:
        msg = f"a client sent {value:#x} where a number was expected: it speaks another protocol"
        raise RemoteProtocolError(msg)
    return value
