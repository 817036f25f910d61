"""The client's side of a session, without the socket; see `session_server` for the protocol.

The states of its connection are described in `reconnection`: it is open once the server has sent
the session's id.
"""

from __future__ import annotations

from typing import Final

from adapters.wire import greeting
from adapters.wire.frames import Parser, ParserFeed, Piece, read_block, read_integer, word
from adapters.wire.reconnection import DEFAULT_RETRIES, ConnectionState, Reconnection, RetryPolicy
from domain.errors import LocalProtocolError, RemoteProtocolError
from domain.running.clients import MANAGER, UNNAMED

MAX_RESPONSE: Final = 2**40


class ClientSession:
    """The client's side of one session: requests and bytes in, responses and bytes out.

    The driver owns the sockets and the clock:

    - It connects when the state is DISCONNECTED and `next_deadline` has passed, and calls
      `connected`. Once the session is open, the client resends the outstanding request, if any.
    - It passes received bytes to `received`, which returns the response when it is complete.
    - After each call of another method, it sends the bytes that `data_to_send` returns.
    - It calls `connection_lost` when it cannot connect, when it has closed a connection after an
      error of the connection or of `received`, and when `next_deadline` passes while the state is
      OPENING.

    Args:
        secret: The run's secret if the server is one of ours, else None.
        identity: Our own identity, which we prove with the secret.
        server_identity: Identity that the server must have, if we have the secret.
        server: Name of the server in error messages.
        retries: How often and for how long to reconnect.

    Attributes:
        id: Id of the session; 0 until the server has assigned it.
        number: Number of the last request.
        loss: Why the session was lost, if it was.
    """

    def __init__(
        self,
        *,
        secret: str | None = None,
        identity: str = UNNAMED,
        server_identity: str = MANAGER,
        server: str = "server",
        retries: RetryPolicy = DEFAULT_RETRIES,
    ) -> None:
        self._secret = secret
        self._introduction = greeting.Introduction(
            identity, server_identity, greeting.Purpose.SESSION
        )
        self._server = server
        self._connection = Reconnection(retries)
        self._request: bytes | None = None
        self._response: Piece | None = None
        self._outgoing: list[bytes] = []
        self._feed: ParserFeed | None = None
        self.id = 0
        self.number = 0
        self.loss = ""

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._connection.state

    @property
    def is_waiting(self) -> bool:
        """Whether a request is outstanding."""
        return self._request is not None

    @property
    def wanted(self) -> int:
        """Number of bytes that must be received to continue; 0 while there is no connection.

        If the driver passes exactly this many bytes to `received`, a response is not copied.
        """
        return self._feed.wanted if self._feed is not None else 0

    def next_deadline(self) -> float | None:
        """Return when to connect, or when to stop waiting for the session to open.

        None means immediately, or no limit.
        """
        return self._connection.deadline

    def data_to_send(self) -> list[bytes]:
        """Remove and return the bytes to send now."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def begin(self, request: bytes) -> None:
        """Send a request, immediately or when there is a connection.

        Raises:
            LocalProtocolError: If another one is outstanding, or the session is over.
        """
        if self.is_waiting:
            msg = "a request was made before the last one was answered"
            raise LocalProtocolError(msg)
        if self.state in (ConnectionState.LOST, ConnectionState.ENDED):
            msg = f"a request was made in a session that is {self.state.name}"
            raise LocalProtocolError(msg)
        self.number += 1
        self._request = request
        self._connection.restart()
        if self.state is ConnectionState.OPEN:
            self._send_request(request)

    def end(self) -> None:
        """End the session, also at the server if there is a connection."""
        if self.state is ConnectionState.OPEN:
            self._send(word(0))
        self._connection.end()

    def limit_retries(self, seconds: float, *, now: float) -> None:
        """From now on, give up sooner on a lost connection.

        Args:
            seconds: The new limit, used if it is shorter than the current one.
            now: Current time in seconds.
        """
        self._connection.limit(seconds, now=now)

    def connected(self, *, now: float, nonce: bytes = b"") -> None:
        """Open the session on a new connection, or resume it there.

        Args:
            now: Current time in seconds, by the clock of `next_deadline`.
            nonce: 32 random bytes; needed with a secret only.

        Raises:
            LocalProtocolError: If there is a connection already, or the session is over.
        """
        self._connection.connected(now)
        self._feed = ParserFeed(self._parse(nonce))

    def connection_lost(self, reason: str, *, now: float) -> None:
        """Schedule a retry, or give up if retries have failed for too long.

        A request may wait for hours for its response, and lose its connection repeatedly. So the
        retry time starts again after a connection that has lasted longer than that.

        Args:
            reason: Why it was lost.
            now: Current time in seconds.
        """
        self._feed = None
        self._outgoing = []
        self._connection.lost(now)
        if self.state is ConnectionState.LOST and not self.loss:
            self.loss = f"the connection to the {self._server} was lost for good: {reason}"

    def received(self, data: Piece) -> Piece | None:
        """Parse received bytes; return the response to the request once it is complete.

        Args:
            data: The bytes. The response may be a view of them, so they must not be changed.

        Raises:
            RemoteProtocolError: If they violate the protocol. The outstanding request is dropped;
                the next one needs another connection.
            LocalProtocolError: If there is no connection.
        """
        if self._feed is None:
            msg = "received data without a connection"
            raise LocalProtocolError(msg)
        try:
            self._feed.feed(data)
        except RemoteProtocolError:
            self._request = None
            raise
        response, self._response = self._response, None
        return response

    def _parse(self, nonce: bytes) -> Parser[None]:
        if self._secret is not None:
            yield from greeting.greet_as_client(
                self._secret, self._introduction, nonce=nonce, send=self._send
            )
        self._send(word(self.id))
        session_id = yield from read_integer()
        if self.id not in (0, session_id):
            msg = f"the {self._server} resumed a different session from the requested one"
            raise RemoteProtocolError(msg)
        self.id = session_id
        self._connection.opened()
        if self._request is not None:
            self._send_request(self._request)
        while True:
            response = yield from read_block(MAX_RESPONSE)
            if self._request is None:
                msg = f"the {self._server} sent a response without a request"
                raise RemoteProtocolError(msg)
            self._request = None
            self._response = response

    def _send(self, data: bytes) -> None:
        self._outgoing.append(data)

    def _send_request(self, request: bytes) -> None:
        self._send(word(self.number) + word(len(request)) + request)
