"""A session client when the connection is lost or closed, or the server misbehaves."""

import socket
import threading

import pytest

from adapters.io.event_loop import EventLoop
from adapters.io.memory import LARGE
from adapters.tcp.server import Server
from adapters.tcp.session_client import SessionClient, receive_exactly
from adapters.wire.frames import word
from adapters.wire.locations import TCP, TcpAddress, format_location
from adapters.wire.reconnection import RetryPolicy
from domain.errors import RemoteProtocolError, TransportError
from tests.support.conditions import wait_until
from tests.support.ports import HOST
from tests.unit.adapters.tcp.loopback import (
    PATIENCE,
    RETRY_ONCE,
    give,
    scripted,
    take,
    take_request,
    take_word,
)

HUGE = 2**26


class Echo:
    """A server that echoes requests once the test permits it."""

    def __init__(self, secret=None, port=None):
        self.requests = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._replies = []
        self.server = Server(self._handle, loop=EventLoop("echo"), max_request=2**24, secret=secret)
        self.location = format_location(TCP, self.server.listen([HOST], port=port))
        self.server.start()

    def _handle(self, request, reply):
        request.session.client = "the client"  # admits it, so that it may send large requests
        self.requests.append(request.body)
        self._replies.append(reply)
        if self.may_answer.is_set():
            self.answer()

    def answer(self):
        self._replies.pop()([self.requests[-1]])


@pytest.fixture
def echo():
    echo = Echo()
    yield echo
    echo.server.close()


@pytest.fixture
def client(echo):
    client = SessionClient([echo.location])
    yield client
    client.close()


def open_session(sock, *, expected=0, session=7):
    assert take_word(sock) == expected
    sock.sendall(word(session))


def test_requests_are_answered_in_order(client, echo):
    for request in (b"", b"one", b"x" * (2 * LARGE)):
        assert client.call(request) == request
    assert len(echo.requests) == 3


def test_requests_of_several_threads_get_their_own_responses(client):
    found = []
    threads = [
        threading.Thread(target=lambda text=text: found.append((text, bytes(client.call(text)))))
        for text in (b"a", b"b", b"c", b"d")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(found) == 4
    assert all(request == response for request, response in found)


def test_late_response_can_be_waited_for_again(client, echo):
    echo.may_answer.clear()
    client.begin(b"x")
    assert client.wait(timeout=0) is None
    wait_until(lambda: bool(echo.requests))
    echo.server.loop.call_soon(echo.answer)
    assert client.wait(timeout=None) == b"x"


def test_request_is_repeated_after_the_connection_is_lost():
    def cut(sock):
        open_session(sock)
        return take_request(sock)

    def go_on(sock):
        open_session(sock, expected=7)
        request = take_request(sock)
        give(sock, b"done")
        return request

    with scripted(cut, go_on) as server:
        client = SessionClient([server.location])
        assert client.call(b"x") == b"done"
        assert server.finish() == [(1, b"x"), (1, b"x")]
        client.close()


def test_incomplete_response_is_dropped_and_requested_again():
    def cut(sock):
        open_session(sock)
        take_request(sock)
        sock.sendall(word(4) + b"do")

    def go_on(sock):
        open_session(sock, expected=7)
        take_request(sock)
        give(sock, b"done")

    with scripted(cut, go_on) as server:
        client = SessionClient([server.location])
        assert client.call(b"x") == b"done"
        client.close()


def test_lost_connection_is_restored_at_the_next_request():
    def one_exchange(sock, expected=0):
        open_session(sock, expected=expected)
        number, _ = take_request(sock)
        give(sock, b"done")
        return number

    with scripted(one_exchange, lambda sock: one_exchange(sock, 7)) as server:
        client = SessionClient([server.location])
        assert client.call(b"x") == b"done"
        assert client.call(b"y") == b"done"
        assert server.finish() == [1, 2]
        client.close()


def test_server_that_resumes_another_session_is_rejected():
    def cut(sock):
        open_session(sock)

    with scripted(cut, lambda sock: open_session(sock, expected=7, session=8)) as server:
        client = SessionClient([server.location], server="manager")
        with pytest.raises(RemoteProtocolError, match="the manager resumed a different session"):
            client.call(b"x")
        client.close()


def test_absurd_response_length_is_rejected():
    def absurd(sock):
        open_session(sock)
        take_request(sock)
        sock.sendall(word(2**62))

    with scripted(absurd) as server:
        client = SessionClient([server.location])
        with pytest.raises(RemoteProtocolError):
            client.call(b"x")
        client.close()


def test_absent_server_is_named_in_the_error(nowhere):
    client = SessionClient([nowhere], server="peer 'macro'", retries=RETRY_ONCE)
    with pytest.raises(TransportError, match=r"connection to the peer 'macro' was lost for good"):
        client.call(b"x")
    client.close()


def test_server_that_was_given_up_is_not_retried(port):
    echo = Echo(port=port)
    client = SessionClient([echo.location], server="manager", retries=RETRY_ONCE)
    client.call(b"x")
    echo.server.close()
    with pytest.raises(TransportError, match="manager was lost for good"):
        client.call(b"y")
    with socket.create_server((HOST, port)) as successor:
        successor.setblocking(False)
        with pytest.raises(TransportError, match="manager was lost for good"):
            client.call(b"z")
        with pytest.raises(BlockingIOError):
            successor.accept()
    client.close()


def test_server_that_accepts_and_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        location = format_location(TCP, [TcpAddress(*silent.getsockname())])
        client = SessionClient([location], retries=RetryPolicy(give_up_after=0.05))
        with pytest.raises(TransportError, match="was lost for good"):
            client.call(b"x")
        client.close()


def test_server_of_another_run_is_rejected(echo):
    other = Echo(secret="theirs")
    client = SessionClient([other.location], secret="ours")
    with pytest.raises(RemoteProtocolError, match="does not know the secret of this run"):
        client.call(b"x")
    client.close()
    other.server.close()


def test_closed_client_raises_and_may_be_closed_again(client):
    client.call(b"x")
    client.close()
    client.close()
    with pytest.raises(TransportError, match="connection to the server has been closed"):
        client.call(b"y")


def test_closing_ends_the_session_at_the_server(client, echo):
    client.call(b"x")
    assert echo.server.session_count == 1
    client.close()
    wait_until(lambda: echo.server.session_count == 0)


def test_closing_releases_a_waiting_thread(client, echo):
    echo.may_answer.clear()
    errors = []

    def ask():
        try:
            client.call(b"x")
        except TransportError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: bool(echo.requests))
    client.close()
    thread.join(PATIENCE)
    assert len(errors) == 1


def test_goodbye_follows_the_request_that_another_thread_is_sending():
    is_closing = threading.Event()
    has_begun = threading.Event()

    def listen(sock):
        open_session(sock)
        number, length = take_word(sock), take_word(sock)
        has_begun.set()
        assert is_closing.wait(PATIENCE)
        return number, len(take(sock, length)), take_word(sock)

    with scripted(listen) as server:
        client = SessionClient([server.location], goodbye_time=PATIENCE)

        def ask():
            with pytest.raises(TransportError):
                client.call(bytes(HUGE))  # blocks until the server receives it

        thread = threading.Thread(target=ask)
        thread.start()
        assert has_begun.wait(PATIENCE)
        is_closing.set()
        client.close()
        thread.join(PATIENCE)
        assert server.finish() == [(1, HUGE, 0)]


def test_request_after_an_abandoned_one_gets_its_own_response(client, echo):
    echo.may_answer.clear()
    client.begin(b"abandoned")
    wait_until(lambda: bool(echo.requests))
    echo.may_answer.set()
    echo.server.loop.call_soon(echo.answer)
    assert client.call(b"x") == b"x"


def test_closing_releases_a_connecting_thread(nowhere):
    client = SessionClient([nowhere])
    errors = []

    def ask():
        try:
            client.call(b"x")
        except TransportError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    client.close()
    thread.join(PATIENCE)
    assert len(errors) == 1


@pytest.mark.parametrize("count", [0, 5, LARGE])
def test_exact_number_of_bytes_is_received(count):
    ours, theirs = socket.socketpair()
    sending = threading.Thread(target=theirs.sendall, args=(b"x" * count + b"more",))
    sending.start()
    assert receive_exactly(ours, count) == b"x" * count
    assert take(ours, 4) == b"more"
    sending.join(PATIENCE)
    ours.close()
    theirs.close()


def test_connection_closed_before_all_bytes_arrived_is_an_error():
    ours, theirs = socket.socketpair()
    theirs.sendall(b"abc")
    theirs.close()
    with pytest.raises(EOFError, match="the other side closed the connection"):
        receive_exactly(ours, 4)
    ours.close()


def test_limited_retries_end_if_the_server_is_gone(echo, client):
    assert client.call(b"x") == b"x"
    echo.server.close()
    client.limit_retries(0.1)
    with pytest.raises(TransportError, match="was lost for good"):
        client.call(b"y")


def test_limited_retries_end_if_the_server_stalls_within_a_response():
    may_end = threading.Event()

    def stall(sock):
        assert take_word(sock) == 0
        sock.sendall(word(1))
        take_request(sock)
        sock.sendall(word(10) + b"half")
        may_end.wait(PATIENCE)

    with scripted(stall) as server:
        client = SessionClient([server.location])
        client.begin(b"x")
        client.limit_retries(0.1)
        with pytest.raises(TransportError):
            client.wait(timeout=None)
        may_end.set()
        client.close()
