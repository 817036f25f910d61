"""The client's side of a session, alone and against the server's, without sockets."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire import greeting
from adapters.wire.frames import word
from adapters.wire.reconnection import ConnectionState, RetryPolicy
from adapters.wire.session_client import ClientSession
from adapters.wire.session_server import Request, ServerConnection, SessionEnded, SessionTable
from domain.errors import LocalProtocolError, RemoteProtocolError
from tests.support.recordings import Recording, recordings

ID = 7
NONCE = b"c" * greeting.NONCE_SIZE
POLICY = RetryPolicy(give_up_after=10.0, first_pause=1.0, growth=2.0)


def client(**options) -> ClientSession:
    return ClientSession(retries=POLICY, server="manager", **options)


def sent(session: ClientSession) -> bytes:
    return b"".join(session.data_to_send())


def opened(session: "ClientSession | None" = None, *, now: float = 0.0) -> ClientSession:
    """A client with an open session that has sent all its data."""
    session = session or client()
    session.connected(now=now)
    assert session.received(word(ID)) is None
    sent(session)
    return session


def block(data: bytes) -> bytes:
    return word(len(data)) + data


# Opening and resuming


def test_new_session_is_requested_with_id_zero():
    session = client()
    session.connected(now=0.0)
    assert sent(session) == word(0)
    assert session.state is ConnectionState.OPENING
    assert session.received(word(ID)) is None
    assert (session.state, session.id) == (ConnectionState.OPEN, ID)


def test_request_is_sent_once_the_session_is_open():
    session = client()
    session.begin(b"hello")
    assert sent(session) == b""
    session.connected(now=0.0)
    assert sent(session) == word(0)
    session.received(word(ID))
    assert sent(session) == word(1) + block(b"hello")


def test_requests_in_an_open_session_are_numbered():
    session = opened()
    for number, request in enumerate((b"one", b"", b"three"), start=1):
        session.begin(request)
        assert sent(session) == word(number) + block(request)
        assert session.received(block(request)) == request
        assert not session.is_waiting


def test_session_is_resumed_with_its_id_and_the_outstanding_request():
    session = opened()
    session.begin(b"x")
    sent(session)
    session.connection_lost("cut", now=1.0)
    assert session.state is ConnectionState.DISCONNECTED
    session.connected(now=1.0)
    assert sent(session) == word(ID)
    session.received(word(ID))
    assert sent(session) == word(1) + block(b"x")


def test_idle_session_is_resumed_without_a_request():
    session = opened()
    session.begin(b"x")
    session.received(block(b"y"))
    session.connection_lost("cut", now=1.0)
    session.connected(now=1.0)
    session.received(word(ID))
    assert sent(session).endswith(word(ID))


def test_unsent_data_of_a_lost_connection_are_dropped():
    session = opened()
    session.begin(b"x")
    session.connection_lost("cut", now=1.0)
    assert sent(session) == b""


def test_half_a_response_of_a_lost_connection_is_dropped():
    session = opened()
    session.begin(b"x")
    session.received(word(4) + b"do")
    session.connection_lost("cut", now=1.0)
    assert opened(session, now=1.0).received(block(b"done")) == b"done"


def test_another_session_than_requested_is_rejected():
    session = opened()
    session.connection_lost("cut", now=1.0)
    session.connected(now=1.0)
    with pytest.raises(RemoteProtocolError, match="the manager resumed a different session"):
        session.received(word(ID + 1))


# Receiving


def test_response_arrives_byte_by_byte():
    session = client()
    session.begin(b"x")
    session.connected(now=0.0)
    data = word(ID) + block(b"response")
    responses = [session.received(data[i : i + 1]) for i in range(len(data))]
    assert responses == [None] * (len(data) - 1) + [b"response"]


def test_response_arrives_in_one_piece_with_the_session_id():
    session = client()
    session.begin(b"x")
    session.connected(now=0.0)
    assert session.received(word(ID) + block(b"response")) == b"response"


def test_empty_response_arrives():
    session = opened()
    session.begin(b"x")
    assert session.received(word(0)) == b""


def test_response_of_exactly_the_wanted_size_is_not_copied():
    session = opened()
    session.begin(b"x")
    assert session.wanted == 8
    session.received(word(5))
    assert session.wanted == 5
    buffer = bytearray(b"large")
    response = session.received(memoryview(buffer))
    buffer[0:1] = b"L"
    assert response == b"Large"


@pytest.mark.parametrize("extra", [block(b"again"), word(0)])
def test_response_without_a_request_is_rejected(extra: bytes):
    session = opened()
    session.begin(b"x")
    with pytest.raises(RemoteProtocolError, match="the manager sent a response without a request"):
        session.received(block(b"response") + extra)


@pytest.mark.parametrize("length", [2**40 + 1, 2**63, 2**64 - 1])
def test_absurd_response_length_is_rejected_and_the_request_dropped(length: int):
    session = opened()
    session.begin(b"x")
    with pytest.raises(RemoteProtocolError):
        session.received(length.to_bytes(8, "little"))
    session.connection_lost("absurd", now=1.0)
    assert not session.is_waiting
    session.begin(b"y")
    session.connected(now=1.0)
    session.received(word(ID))
    assert sent(session) == word(ID) + word(2) + block(b"y")


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_arbitrary_bytes_raise_only_protocol_errors(pieces: list[bytes]):
    for secret in (None, "secret"):
        session = client(secret=secret)
        session.begin(b"x")
        session.connected(now=0.0, nonce=NONCE)
        try:
            for piece in pieces:
                session.received(piece)
        except RemoteProtocolError:
            session.connection_lost("garbage", now=0.0)


# Retrying and giving up


def test_lost_connections_are_retried_with_growing_pauses_until_the_deadline():
    session = client()
    session.begin(b"x")
    assert session.next_deadline() is None
    deadlines = []
    now = 100.0
    while session.state is ConnectionState.DISCONNECTED:
        session.connection_lost("refused", now=now)
        deadlines.append(session.next_deadline())
        now = session.next_deadline() or now
    assert deadlines == [100.0, 101.0, 103.0, 107.0, None]
    assert session.state is ConnectionState.LOST
    assert session.loss == "the connection to the manager was lost for good: refused"


def test_each_request_has_the_full_retry_time():
    session = opened()
    for now in (100.0, 200.0):
        session.begin(b"x")
        session.connection_lost("cut", now=now)
        assert session.next_deadline() == now
        opened(session, now=now + 5.0).received(block(b"y"))


def test_connection_that_opens_and_is_lost_soon_does_not_restart_the_retry_time():
    session = client()
    session.begin(b"x")
    for now in (100.0, 103.0, 106.0):
        opened(session, now=now)
        session.connection_lost("cut", now=now)
        assert session.state is ConnectionState.DISCONNECTED
    opened(session, now=109.0)
    session.connection_lost("cut", now=109.0)
    assert session.state is ConnectionState.LOST


def test_long_lived_connection_restarts_the_retry_time():
    session = client()
    session.begin(b"x")
    for now in range(0, 1000, 20):
        opened(session, now=now)
        session.connection_lost("cut", now=now + 11.0)
        assert session.next_deadline() == now + 11.0


def test_session_that_does_not_open_in_time_has_a_deadline():
    session = client()
    session.begin(b"x")
    session.connected(now=100.0)
    assert session.next_deadline() == 110.0
    session.received(word(ID))
    assert session.next_deadline() is None


def test_connection_that_never_opens_the_session_is_given_up():
    session = client()
    session.begin(b"x")
    now = 0.0
    while session.state is not ConnectionState.LOST:
        now = session.next_deadline() or now
        session.connected(now=now)
        now = session.next_deadline() or now
        session.connection_lost("timed out", now=now)
    assert now <= 30.0


# Misuse, and the end


def test_second_request_before_the_response_is_misuse():
    session = opened()
    session.begin(b"x")
    with pytest.raises(LocalProtocolError):
        session.begin(b"y")


def test_second_connection_is_misuse():
    with pytest.raises(LocalProtocolError):
        opened().connected(now=0.0)


def test_data_without_a_connection_are_misuse():
    assert client().wanted == 0
    with pytest.raises(LocalProtocolError):
        client().received(b"x")


def lose(session: ClientSession) -> None:
    session.connection_lost("cut", now=0.0)
    session.connection_lost("cut", now=100.0)


@pytest.mark.parametrize("over", [ClientSession.end, lose])
def test_request_after_the_end_is_misuse(over: Callable[[ClientSession], None]):
    session = opened()
    over(session)
    with pytest.raises(LocalProtocolError):
        session.begin(b"x")
    with pytest.raises(LocalProtocolError):
        session.connected(now=0.0)


def test_end_of_an_open_session_is_sent_after_the_request():
    session = opened()
    session.begin(b"x")
    session.end()
    assert sent(session) == word(1) + block(b"x") + word(0)
    session.connection_lost("closed", now=0.0)
    assert session.state is ConnectionState.ENDED


def test_end_without_a_connection_sends_nothing():
    session = client()
    session.end()
    assert sent(session) == b""


# Against the server


class Wire:
    """Connects a client and a server byte by byte, over connections that are cut.

    Args:
        lifetimes: Transmitted bytes after which each connection is cut; the last one is not cut.
    """

    def __init__(self, *lifetimes: int, secret: "str | None" = None) -> None:
        self.client = client(secret=secret)
        self.executed: list[bytes] = []
        self.ended = 0
        self.connections = 0
        self._secret = secret
        self._table = SessionTable(first_id=2**61)
        self._lifetimes = list(lifetimes)
        self._server: ServerConnection | None = None
        self._left = 0

    def call(self, request: bytes) -> bytes:
        self.client.begin(request)
        for _ in range(10_000):
            response = self._step()
            if response is not None:
                return bytes(response)
        raise AssertionError("no response")

    def close(self) -> None:
        self.client.end()
        if self._server is not None:
            self._to_server(self._server, b"".join(self.client.data_to_send()))

    def _step(self) -> "bytes | memoryview | None":
        """Connect, or carry the pending bytes of both sides, until the connection is cut."""
        if self._server is None:
            self._server = ServerConnection(
                self._table,
                max_request=1000,
                secret=self._secret,
                nonce=b"n" * greeting.NONCE_SIZE,
            )
            self.client.connected(now=0.0, nonce=NONCE)
            self.connections += 1
            self._left = self._lifetimes.pop(0) if self._lifetimes else 10**9
        server = self._server
        self._to_server(server, self._carried(b"".join(self.client.data_to_send())))
        response = None
        answer = b"".join(map(bytes, server.data_to_send()))
        for byte in self._carried(answer):
            assert response is None
            response = self.client.received(bytes([byte]))
        if self._left == 0 and response is None:
            self.client.connection_lost("cut", now=0.0)
            self._server = None
        return response

    def _carried(self, data: bytes) -> bytes:
        data = data[: self._left]
        self._left -= len(data)
        return data

    def _to_server(self, server: ServerConnection, data: bytes) -> None:
        for byte in data:
            for event in server.received(bytes([byte])):
                if isinstance(event, SessionEnded):
                    self.ended += 1
                else:
                    assert isinstance(event, Request)
                    self._execute(event)

    def _execute(self, request: Request) -> None:
        self.executed.append(request.body)
        response = request.body.upper()
        request.session.finish([response])
        connection = request.session.connection
        if connection is not None:
            connection.answer([response])


REQUESTS = [b"one", b"", b"three" * 10]


def check(wire: Wire) -> None:
    assert [wire.call(request) for request in REQUESTS] == [item.upper() for item in REQUESTS]
    assert wire.executed == REQUESTS
    wire.close()
    assert wire.ended == 1


SECRETS = pytest.mark.parametrize("secret", [None, "secret"], ids=["muscle3", "ours"])


@SECRETS
def test_requests_are_answered_in_one_connection(secret: "str | None"):
    wire = Wire(secret=secret)
    check(wire)
    assert wire.connections == 1


@SECRETS
def test_connection_cut_after_any_byte_loses_and_repeats_no_request(secret: "str | None"):
    for lifetime in itertools.count(1):
        wire = Wire(lifetime, secret=secret)
        check(wire)
        if wire.connections == 1:
            break
    assert lifetime >= 8 + 8 + sum(8 + 8 + 8 + 2 * len(request) for request in REQUESTS)


@SECRETS
def test_connections_cut_after_any_two_numbers_of_bytes_lose_no_request(secret: "str | None"):
    longest, step = (60, 7) if secret is None else (200, 17)
    for first, second in itertools.product(range(1, longest, step), repeat=2):
        check(Wire(first, second, first, secret=secret))


@SECRETS
@given(st.lists(st.integers(1, 300), max_size=4))
def test_connections_cut_anywhere_lose_no_request(secret: "str | None", lifetimes: list[int]):
    check(Wire(*lifetimes, secret=secret))


def test_server_of_another_run_is_rejected():
    session = client(secret="ours")
    session.connected(now=0.0, nonce=NONCE)
    server = ServerConnection(
        SessionTable(), max_request=1000, secret="theirs", nonce=b"n" * greeting.NONCE_SIZE
    )
    server.received(sent(session))
    with pytest.raises(RemoteProtocolError, match="does not know the secret of this run"):
        session.received(b"".join(map(bytes, server.data_to_send())))


@pytest.mark.parametrize("recording", recordings(), ids=lambda item: item.name)
def test_recorded_sessions_of_muscle3_are_reproduced(recording: Recording):
    session = client()
    exchanges = [item for item in recording.exchanges if item.response]
    output, position = b"", 0
    session.connected(now=0.0)
    session.received(recording.from_server[:8])
    position = 8
    for exchange in exchanges:
        session.begin(exchange.request_payload)
        output += sent(session)
        end = position + 8 + len(exchange.response_payload)
        assert session.received(recording.from_server[position:end]) == exchange.response_payload
        position = end
    assert recording.from_client.startswith(output)
