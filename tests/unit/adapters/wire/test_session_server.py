"""The server's side of sessions, without sockets, byte by byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.wire import greeting
from adapters.wire.frames import word
from adapters.wire.session_server import (
    Admit,
    Request,
    ServerConnection,
    Session,
    SessionEnded,
    SessionTable,
    StreamRequested,
)
from domain.errors import RemoteProtocolError
from domain.running.clients import MANAGER, Origin
from tests.support.recordings import Recording, recordings

NONCE = b"n" * 32
HERE = Origin("127.0.0.1", is_local=True, uid=1000, socket=7)


def refuse(_session: "Session | None") -> None:
    msg = "not you"
    raise RemoteProtocolError(msg)


def connect(
    table: SessionTable,
    *,
    secret: str | None = None,
    limit: int = 1000,
    admit: Admit = lambda _session: None,
) -> ServerConnection:
    return ServerConnection(table, max_request=limit, secret=secret, nonce=NONCE, admit=admit)


def request(number: int, body: bytes) -> bytes:
    return word(number) + word(len(body)) + body


def sent(connection: ServerConnection) -> bytes:
    return b"".join(bytes(part) for part in connection.data_to_send())


def hello_of(client: str, purpose: greeting.Purpose = greeting.Purpose.SESSION) -> bytes:
    return greeting.client_hello(b"c" * 32, greeting.Introduction(client, MANAGER, purpose))


HELLO = hello_of("instance macro")


def greet(
    connection: ServerConnection,
    purpose: greeting.Purpose,
    secret: str = "secret",
    client: str = "instance macro",
) -> None:
    hello = hello_of(client, purpose)
    assert connection.received(hello) == []
    assert connection.received(greeting.client_finish(secret, hello, sent(connection))) == []


def finish(event, response: bytes) -> None:
    """Complete a request with a response, as a server does."""
    event.session.finish([response])
    if event.session.connection is not None:
        event.session.connection.answer([response])


def begin(table: SessionTable, body: bytes = b"first") -> tuple[ServerConnection, Request]:
    connection = connect(table)
    (event,) = connection.received(word(0) + request(1, body))
    assert isinstance(event, Request)
    sent(connection)
    return connection, event


@pytest.mark.parametrize("first", [1, 2**62, 2**63 - 3])
def test_session_ids_count_up_from_the_first(first: int):
    table = SessionTable(first_id=first)
    for expected in (first, first + 1, first + 2):
        connection = connect(table)
        connection.received(word(0))
        assert sent(connection) == word(expected)


def test_session_ids_do_not_begin_like_tls():
    table = SessionTable(first_id=0x1215)
    ids = []
    for _ in range(3):
        connection = connect(table)
        connection.received(word(0))
        ids.append(connection.session.id)
    assert ids == [0x1215, 0x1217, 0x1218]


def test_session_id_of_another_server_is_rejected():
    stale, _ = begin(SessionTable(first_id=2**60))
    assert stale.session is not None
    table = SessionTable(first_id=2**61)
    begin(table)
    for session_id in (stale.session.id, 1, 2, 3):
        with pytest.raises(RemoteProtocolError, match="does not exist"):
            connect(table).received(word(session_id))


def test_sessions_are_found_by_their_client_until_they_are_ended():
    table = SessionTable()
    (_, first), (_, second), (_, other) = (begin(table) for _ in range(3))
    first.session.client = second.session.client = "macro"
    other.session.client = "micro"
    assert table.of_client("macro") == [first.session, second.session]
    table.end(first.session)
    assert table.of_client("macro") == [second.session]
    assert table.of_client("meso") == []


def test_session_with_a_large_id_is_resumed():
    table = SessionTable(first_id=2**63 - 1)
    _, event = begin(table)
    finish(event, b"one")
    again = connect(table)
    assert again.received(word(2**63 - 1) + request(1, b"first")) == []
    assert sent(again) == word(2**63 - 1) + word(3) + b"one"


def test_request_is_returned_once_for_pieces_of_any_size():
    data = word(0) + request(1, b"hello")
    for size in range(1, len(data) + 1):
        connection = connect(SessionTable())
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        assert [e.body for piece in pieces for e in connection.received(piece)] == [b"hello"]
        assert sent(connection) == word(1)


def test_empty_request_is_returned():
    (event,) = connect(SessionTable()).received(word(0) + request(1, b""))
    assert (event.number, event.body) == (1, b"")


def test_end_of_a_session_is_returned_and_the_session_removed():
    table = SessionTable()
    connection, event = begin(table)
    finish(event, b"response")
    assert connection.received(word(0)) == [SessionEnded(event.session)]
    assert connection.is_done
    assert len(table) == 0


def test_response_follows_its_length():
    connection, event = begin(SessionTable())
    finish(event, b"response")
    assert sent(connection) == word(8) + b"response"


def test_response_in_several_parts_has_one_length():
    connection, _ = begin(SessionTable())
    connection.answer([b"ab", bytearray(b"c"), memoryview(b"def")])
    assert sent(connection) == word(6) + b"abcdef"


def test_repeated_finished_request_gets_the_kept_response():
    table = SessionTable()
    _, event = begin(table)
    finish(event, b"response")
    for _ in range(3):
        again = connect(table)
        assert again.received(word(1) + request(1, b"first")) == []
        assert sent(again) == word(1) + word(8) + b"response"


def test_request_repeated_during_execution_is_answered_on_the_new_connection():
    table = SessionTable()
    old, event = begin(table)
    again = connect(table)
    assert again.received(word(1) + request(1, b"first")) == []
    assert sent(again) == word(1)
    finish(event, b"response")
    assert sent(again) == word(8) + b"response"
    assert sent(old) == b""


def test_request_repeated_on_one_connection_during_execution_is_answered_once():
    connection, event = begin(SessionTable())
    assert connection.received(request(1, b"first")) == []
    finish(event, b"response")
    assert sent(connection) == word(8) + b"response"


def test_response_that_is_ready_before_the_request_is_repeated_is_sent_once():
    table = SessionTable()
    _, event = begin(table)
    again = connect(table)
    again.received(word(1))
    assert sent(again) == word(1)
    finish(event, b"response")
    assert sent(again) == b""
    assert again.received(request(1, b"first")) == []
    assert sent(again) == word(8) + b"response"


def test_old_connection_gets_no_response_after_a_reconnection():
    table = SessionTable()
    old, event = begin(table)
    connect(table).received(word(1))
    finish(event, b"response")
    assert sent(old) == b""


def test_stale_request_number_is_dropped():
    table = SessionTable()
    connection, event = begin(table)
    finish(event, b"one")
    sent(connection)
    (event,) = connection.received(request(2, b"second"))
    finish(event, b"two")
    sent(connection)
    assert connection.received(request(1, b"first")) == []
    assert sent(connection) == b""


@pytest.mark.parametrize("number", [2, 3, 10**9])
def test_request_number_above_the_running_one_is_dropped(number: int):
    connection, event = begin(SessionTable())
    assert connection.received(request(number, b"impatient")) == []
    finish(event, b"response")
    assert sent(connection) == word(8) + b"response"


def test_stale_number_on_a_new_connection_does_not_get_another_response():
    table = SessionTable()
    connection, event = begin(table)
    finish(event, b"one")
    (event,) = connection.received(request(2, b"second"))
    again = connect(table)
    again.received(word(1) + request(1, b"first"))
    assert sent(again) == word(1)
    finish(event, b"two")
    assert sent(again) == b""


def test_response_is_kept_until_the_next_request_begins():
    table = SessionTable()
    connection, event = begin(table)
    finish(event, b"one")
    assert event.session.kept_response(1) == [b"one"]
    connection.received(request(2, b"second"))
    assert event.session.kept_response(1) is None
    assert event.session.kept_response(2) is None


@pytest.mark.parametrize("session", [1, 2, 2**62])
def test_resuming_an_unknown_session_is_rejected(session: int):
    with pytest.raises(RemoteProtocolError, match="does not exist"):
        connect(SessionTable()).received(word(session))


def test_resuming_an_ended_session_is_rejected():
    table = SessionTable()
    connection = connect(table)
    connection.received(word(0) + word(0))
    assert len(table) == 0
    with pytest.raises(RemoteProtocolError, match="does not exist"):
        connect(table).received(word(1))


def test_data_after_the_end_of_a_session_are_rejected():
    with pytest.raises(RemoteProtocolError, match="sent data after"):
        connect(SessionTable()).received(word(0) + word(0) + b"x")


def test_request_length_beyond_the_limit_is_rejected():
    connection = connect(SessionTable(), limit=10)
    connection.received(word(0))
    with pytest.raises(RemoteProtocolError, match="more than the 10"):
        connection.received(word(1) + word(11))


@pytest.mark.parametrize("value", [2**63, 2**64 - 1])
def test_words_that_are_not_numbers_are_rejected(value: int):
    rubbish = value.to_bytes(8, "little")
    for start in (b"", word(0), word(0) + word(1)):
        with pytest.raises(RemoteProtocolError):
            connect(SessionTable()).received(start + rubbish)


def test_incomplete_request_is_reported_as_unread():
    data = word(0) + request(1, b"abc")
    connection = connect(SessionTable())
    for position, byte in enumerate(data):
        begun = position not in (0, 8)
        assert connection.unread == begun, position
        connection.received(bytes([byte]))
    assert not connection.unread


def test_session_follows_the_greeting():
    table = SessionTable()
    connection = connect(table, secret="secret", admit=refuse)
    greet(connection, greeting.Purpose.SESSION)
    (event,) = connection.received(word(0) + request(1, b"x"))
    assert event.body == b"x"
    assert event.session.is_authenticated
    assert event.session.owner.identity == "instance macro"
    assert sent(connection) == word(1)


def test_greeting_may_arrive_byte_by_byte():
    connection = connect(SessionTable(), secret="secret")
    for byte in HELLO:
        connection.received(bytes([byte]))
    finish_ = greeting.client_finish("secret", HELLO, sent(connection))
    for byte in finish_ + word(0):
        connection.received(bytes([byte]))
    assert sent(connection) == word(1)


def test_greeting_with_the_wrong_secret_is_rejected():
    connection = connect(SessionTable(), secret="secret")
    connection.received(HELLO)
    answer = greeting.server_answer("wrong", HELLO, NONCE)
    proof = greeting.client_finish("wrong", HELLO, answer)
    with pytest.raises(RemoteProtocolError, match="does not know the secret"):
        connection.received(proof)


def must_encrypt() -> ServerConnection:
    return ServerConnection(
        SessionTable(), max_request=1000, secret="secret", nonce=NONCE, must_encrypt=True
    )


def test_greeting_without_encryption_is_rejected_where_it_is_required():
    connection = must_encrypt()
    with pytest.raises(RemoteProtocolError, match="greets without encryption"):
        connection.received(HELLO)
    assert sent(connection) == b""


def test_greeting_with_encryption_is_accepted_where_it_is_required():
    connection = must_encrypt()
    connection.is_encrypted = True
    connection.received(HELLO)
    assert len(sent(connection)) == greeting.ANSWER_SIZE


def test_muscle3_client_need_not_encrypt():
    connection = must_encrypt()
    connection.received(word(0))
    assert connection.session is not None


def test_greeting_is_rejected_where_it_is_not_offered():
    with pytest.raises(RemoteProtocolError):
        connect(SessionTable()).received(HELLO)


@pytest.mark.parametrize("secret", [None, "secret"])
def test_greeting_of_another_version_is_rejected_with_a_clear_error(secret: "str | None"):
    with pytest.raises(RemoteProtocolError, match="greeting of another version of Conjoin"):
        connect(SessionTable(), secret=secret).received(b"CONJOIN1" + bytes(32))


def test_muscle3_client_is_served_without_a_greeting():
    connection = connect(SessionTable(), secret="secret")
    (event,) = connection.received(word(0) + request(1, b"x"))
    assert not event.session.is_authenticated


def test_client_without_proof_is_rejected_where_it_is_not_admitted():
    table = SessionTable()
    with pytest.raises(RemoteProtocolError, match="not you"):
        connect(table, secret="secret", admit=refuse).received(word(0))
    assert len(table) == 0


def test_session_of_an_admitted_client_has_its_origin():
    connection = connect(SessionTable(), admit=lambda _session: HERE)
    (event,) = connection.received(word(0) + request(1, b"x"))
    assert event.session.owner.origin == HERE


def test_client_without_proof_resumes_a_session_only_if_it_is_admitted_to_it():
    table = SessionTable()
    admitted: list[object] = []

    def admit(session: "Session | None") -> Origin:
        admitted.append(session)
        return HERE

    connection = connect(table, admit=admit)
    (event,) = connection.received(word(0) + request(1, b"x"))
    resumed = connect(table, admit=admit)
    resumed.received(word(1))
    assert sent(resumed) == word(1)
    assert admitted == [None, event.session]
    with pytest.raises(RemoteProtocolError, match="not you"):
        connect(table, admit=refuse).received(word(1))


def test_resuming_an_authenticated_session_without_the_secret_is_rejected():
    table = SessionTable()
    connection = connect(table, secret="secret")
    greet(connection, greeting.Purpose.SESSION)
    connection.received(word(0) + request(1, b"x"))
    with pytest.raises(RemoteProtocolError, match="belongs to another"):
        connect(table, secret="secret").received(word(1))


@pytest.mark.parametrize("other", ["instance micro", "agent macro", MANAGER])
def test_resuming_a_session_with_another_identity_is_rejected(other: str):
    table = SessionTable()
    connection = connect(table, secret="secret")
    greet(connection, greeting.Purpose.SESSION)
    connection.received(word(0) + request(1, b"x"))
    stranger = connect(table, secret="secret")
    greet(stranger, greeting.Purpose.SESSION, client=other)
    with pytest.raises(RemoteProtocolError, match="belongs to another"):
        stranger.received(word(1))


def test_resuming_a_session_of_a_client_without_proof_is_rejected_with_a_proof():
    table = SessionTable()
    connect(table, secret="secret").received(word(0) + request(1, b"x"))
    stranger = connect(table, secret="secret")
    greet(stranger, greeting.Purpose.SESSION)
    with pytest.raises(RemoteProtocolError, match="belongs to another"):
        stranger.received(word(1))


def test_stream_is_requested_with_the_hello_of_the_client():
    connection = connect(SessionTable(), secret="secret")
    greet(connection, greeting.Purpose.STREAM)
    assert connection.received(word(5)) == []
    expected = StreamRequested(b"hello", client="instance macro")
    assert connection.received(b"hello") == [expected]
    assert connection.is_done


def test_data_that_follow_a_stream_hello_are_returned_with_it():
    for length in range(20):
        connection = connect(SessionTable(), secret="secret")
        greet(connection, greeting.Purpose.STREAM)
        data = (word(5) + b"hello" + b"trailing")[: 13 + length]
        expected = StreamRequested(b"hello", data[13:], "instance macro")
        assert connection.received(data) == [expected]
        assert not connection.unread


def test_stream_hello_beyond_the_limit_is_rejected():
    connection = connect(SessionTable(), secret="secret")
    greet(connection, greeting.Purpose.STREAM)
    with pytest.raises(RemoteProtocolError):
        connection.received(word(1001))


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_arbitrary_bytes_raise_only_protocol_errors(pieces: list[bytes]):
    for secret in (None, "secret"):
        connection = connect(SessionTable(), secret=secret)
        try:
            for piece in pieces:
                connection.received(piece)
        except RemoteProtocolError:
            pass


class Client:
    """A client that resends its request when its connection is cut."""

    def __init__(self, table: SessionTable) -> None:
        self.table = table
        self.executed: list[bytes] = []
        self.session = 0
        self.connection: ServerConnection | None = None
        self.running: list[Request] = []

    def connect(self) -> None:
        self.connection = connect(self.table)
        self.feed(word(self.session))
        self.session = int.from_bytes(sent(self.connection), "little")

    def feed(self, data: bytes) -> None:
        assert self.connection is not None
        for event in self.connection.received(data):
            assert isinstance(event, Request)
            self.executed.append(event.body)
            self.running.append(event)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 40), max_size=3), st.booleans(), st.integers(0, 2)),
        min_size=1,
        max_size=8,
    )
)
def test_each_request_is_executed_once_wherever_connections_are_cut(plan):
    """Each step: cuts while sending, whether it completes by then, cuts before the response."""
    client = Client(SessionTable())
    client.connect()
    for number, (cuts, early, answer_cuts) in enumerate(plan, start=1):
        body = b"request %d" % number
        data = request(number, body)
        for cut in cuts:
            client.feed(data[:cut])
            if early and client.running:
                finish(client.running.pop(), body.upper())
            client.connect()
        client.feed(data)
        for _ in range(answer_cuts):
            client.connect()
            client.feed(data)
        if client.running:
            finish(client.running.pop(), body.upper())
        assert client.connection is not None
        assert sent(client.connection) == word(len(body)) + body.upper()
    assert client.executed == [b"request %d" % n for n in range(1, len(plan) + 1)]


@pytest.mark.parametrize("recording", recordings(), ids=lambda item: item.name)
def test_recorded_sessions_of_muscle3_are_served_with_the_same_bytes(recording: Recording):
    responses = {e.number: e.response_payload for e in recording.exchanges if e.response}
    connection = connect(SessionTable(), limit=2**20)
    seen = []
    output = b""
    for start in range(0, len(recording.from_client), 7):
        for event in connection.received(recording.from_client[start : start + 7]):
            if isinstance(event, Request):
                seen.append(event.body)
                if event.number in responses:
                    finish(event, responses[event.number])
        output += sent(connection)
    assert seen == [exchange.request_payload for exchange in recording.exchanges]
    assert output[8:] == recording.from_server[8:]
    assert connection.is_done == bool(recording.goodbye)


def test_untrusted_request_of_64_kb_is_accepted_and_a_larger_one_rejected():
    connection = connect(SessionTable(), limit=2**22)
    (event,) = connection.received(word(0) + request(1, bytes(2**16)))
    finish(event, b"")
    with pytest.raises(RemoteProtocolError, match="announced 65537 bytes"):
        connection.received(word(2) + word(2**16 + 1))


def test_request_limit_grows_when_the_client_is_admitted():
    connection = connect(SessionTable(), limit=2**22)
    (event,) = connection.received(word(0) + request(1, b"register"))
    event.session.client = "micro"
    finish(event, b"")
    (event,) = connection.received(request(2, bytes(2**22)))
    finish(event, b"")
    with pytest.raises(RemoteProtocolError, match=f"announced {2**22 + 1} bytes"):
        connection.received(word(3) + word(2**22 + 1))


def test_hello_of_a_stream_is_limited():
    connection = connect(SessionTable(), secret="secret", limit=2**22)
    greet(connection, greeting.Purpose.STREAM)
    with pytest.raises(RemoteProtocolError, match="more than the 16384"):
        connection.received(word(2**14 + 1))


def test_number_of_untrusted_sessions_without_connection_is_bounded():
    table = SessionTable(max_untrusted=3)
    kept = table.open(0)
    kept.client = "micro"
    connected = table.open(0)
    connected.connections = 1
    for _ in range(100):
        table.open(0)
    assert len(table) <= 1 + 3
    assert table.open(kept.id) is kept
    assert table.open(connected.id) is connected
    own = [table.open(0, identity="instance macro") for _ in range(5)]
    assert all(table.open(item.id, identity="instance macro") is item for item in own)
