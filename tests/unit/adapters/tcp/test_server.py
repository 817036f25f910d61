"""Listening, replying to clients, and clients that misbehave."""

import resource
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from adapters.io import network
from adapters.io.event_loop import EventLoop
from adapters.tcp.server import Server
from adapters.tcp.session_client import SessionClient
from adapters.wire.frames import word
from adapters.wire.greeting import Purpose
from adapters.wire.locations import TCP, TcpAddress, format_location
from adapters.wire.session_server import StreamRequested
from domain.errors import RemoteProtocolError
from domain.running.clients import UNNAMED
from tests.support.conditions import wait_until
from tests.support.ports import HOST
from tests.unit.adapters.tcp.loopback import PATIENCE, greet, take, take_word

SECRET = "the secret"
NAME = "the server's thread"


def echo(request, reply):
    reply([request.body])


@pytest.fixture
def serve():
    """Return a function that creates a server, and returns it with a list of its errors."""
    made = []

    def start(on_request=echo, **options):
        errors = []
        server = Server(
            on_request,
            loop=EventLoop(NAME),
            max_request=2**20,
            on_error=errors.append,
            **options,
        )
        made.append(server)
        return server, errors

    yield start
    for server in made:
        server.close()


def started(server):
    """Make a server listen and start it; return its address."""
    addresses = server.listen([HOST])
    server.start()
    return addresses[0]


def client_of(address, **options):
    return SessionClient([format_location(TCP, [address])], **options)


def connected(address):
    sock = socket.create_connection(address)
    sock.settimeout(PATIENCE)
    return sock


def open_session(sock):
    sock.sendall(word(0))
    return take_word(sock)


def test_server_listens_on_all_hosts_at_one_port(serve):
    server, _ = serve()
    addresses = server.listen([HOST, "127.0.0.2"])
    assert [address.host for address in addresses] == [HOST, "127.0.0.2"]
    assert len({address.port for address in addresses}) == 1


def test_preferred_port_is_used_if_it_is_free(serve, port):
    first, _ = serve()
    second, _ = serve()
    (taken,) = first.listen([HOST], port=port)
    assert second.listen([HOST], port=taken.port)[0].port != taken.port
    first.close()
    third, _ = serve()
    assert third.listen([HOST], port=taken.port) == [taken]


def test_host_of_another_machine_is_skipped(serve):
    server, _ = serve()
    assert [address.host for address in server.listen(["192.0.2.1", HOST])] == [HOST]


@pytest.mark.parametrize("hosts", [[], ["192.0.2.1"]])
def test_no_address_to_listen_on_is_an_error(serve, hosts):
    server, _ = serve()
    with pytest.raises(OSError):
        server.listen(hosts)


@pytest.mark.skipif(not network.HAS_ABSTRACT_SOCKETS, reason="needs abstract sockets")
def test_server_listens_on_a_unix_socket(serve):
    server, _ = serve(secret=SECRET)
    address = server.listen_unix()
    server.start()
    with network.connect([address]) as sock:
        sock.settimeout(PATIENCE)
        greet(sock, SECRET, Purpose.SESSION)
        assert open_session(sock)


def test_requests_are_executed_on_the_loops_thread(serve):
    found = []

    def note(request, reply):
        found.append(threading.current_thread().name)
        reply([request.body])

    client = client_of(started(serve(note)[0]))
    client.call(b"x")
    client.close()
    assert found == [NAME]


def test_request_that_may_wait_is_executed_after_the_others(serve):
    executed = []
    may_go_on = threading.Event()

    def execute(request, reply):
        executed.append(bytes(request.body))
        if request.body == b"first":
            may_go_on.wait(60)
        reply([request.body])

    address = started(serve(execute, may_wait=lambda body: bytes(body[:5]) == b"later")[0])
    clients = [client_of(address) for _ in range(4)]
    for client in clients:
        client.call(b"hello")
    executed.clear()
    clients[0].begin(b"first")
    wait_until(lambda: bool(executed))
    for client, body in zip(clients[1:], (b"later 1", b"later 2", b"urgent"), strict=True):
        client.begin(body)
    may_go_on.set()
    for client in clients:
        client.wait(timeout=None)
        client.close()
    assert executed[:2] == [b"first", b"urgent"]
    assert sorted(executed[2:]) == [b"later 1", b"later 2"]


def test_reply_may_be_called_late_from_another_thread(serve):
    replies = []
    client = client_of(started(serve(lambda _, reply: replies.append(reply))[0]))
    client.begin(b"x")
    wait_until(lambda: bool(replies))
    replies[0]([b"la", b"", memoryview(b"te")])
    replies[0]([b"once more"])
    assert client.wait(timeout=None) == b"late"
    client.close()


def test_client_that_does_not_receive_does_not_delay_others(serve):
    large = bytes(2**24)
    address = started(serve(lambda request, reply: reply([large]))[0])
    with connected(address) as client_socket:
        open_session(client_socket)
        client_socket.sendall(word(1) + word(1) + b"x")
        client = client_of(address)
        assert len(client.call(b"x")) == len(large)
        client.close()
        assert take(client_socket, 8 + len(large)) == word(len(large)) + large


def test_end_of_a_session_calls_back(serve):
    is_over = threading.Event()
    server, _ = serve(on_session_ended=is_over.set)
    client = client_of(started(server))
    client.call(b"x")
    assert server.session_count == 1
    assert not is_over.is_set()
    client.close()
    assert is_over.wait(PATIENCE)
    assert server.session_count == 0


def test_internal_error_is_reported_and_ends_the_session(serve):
    def fail(request, reply):
        raise ZeroDivisionError("oops")

    server, errors = serve(fail)
    with connected(started(server)) as sock:
        open_session(sock)
        sock.sendall(word(1) + word(1) + b"x")
        assert sock.recv(1) == b""
    (error,) = errors
    assert error.startswith("internal error while serving a client at 127.0.0.1: Traceback")
    assert error.endswith("ZeroDivisionError: oops")
    assert server.session_count == 0


def test_malformed_requests_of_a_client_are_reported_once(serve):
    def refuse(request, reply):
        reply([b"no"])
        raise RemoteProtocolError(f"cannot understand {request.body!r}")

    server, errors = serve(refuse)
    client = client_of(started(server))
    assert [bytes(client.call(text)) for text in (b"a", b"b", b"c")] == [b"no"] * 3
    client.close()
    assert errors == ["protocol error by a client at 127.0.0.1: cannot understand b'a'"]


def test_connection_closed_within_a_request_is_reported(serve):
    server, errors = serve()
    address = started(server)
    with connected(address) as sock:
        open_session(sock)
        sock.sendall(word(1) + word(100) + b"half")
    wait_until(lambda: bool(errors))
    assert errors == ["a client at 127.0.0.1 left in the middle of a request"]


def test_request_beyond_the_limit_ends_the_connection(serve):
    server, errors = serve()
    with connected(started(server)) as sock:
        open_session(sock)
        sock.sendall(word(1) + word(2**20 + 1))
        assert sock.recv(1) == b""
    assert len(errors) == 1


def test_request_that_needs_the_secret_is_rejected_without_it(serve):
    server, errors = serve(secret=SECRET, needs_secret=lambda request: request == b"run this")
    address = started(server)
    ours = client_of(address, secret=SECRET)
    assert ours.call(b"run this") == b"run this"
    ours.close()
    with connected(address) as theirs:
        open_session(theirs)
        theirs.sendall(word(1) + word(2) + b"hi")
        assert take(theirs, 10) == word(2) + b"hi"
        theirs.sendall(word(2) + word(8) + b"run this")
        assert theirs.recv(1) == b""
    (error,) = errors
    assert "only clients with the secret of this run may make" in error


def test_stream_socket_is_handed_over_with_the_hello(serve):
    found = []
    is_there = threading.Event()

    def take_over(sock, request):
        found.append(request)
        sock.close()
        is_there.set()

    server, _ = serve(secret=SECRET, on_stream=take_over)
    with connected(started(server)) as sock:
        greet(sock, SECRET, Purpose.STREAM)
        sock.sendall(word(2) + b"me")
        assert is_there.wait(PATIENCE)
    assert found == [StreamRequested(b"me", client=UNNAMED)]


def test_data_that_follow_a_stream_hello_are_handed_over(serve):
    found = []
    is_there = threading.Event()

    def take_over(sock, request):
        rest = take(sock, 10 - len(request.trailing_data))
        found.append(request.hello + b", " + request.trailing_data + rest)
        sock.close()
        is_there.set()

    server, _ = serve(secret=SECRET, on_stream=take_over)
    with connected(started(server)) as sock:
        greet(sock, SECRET, Purpose.STREAM)
        sock.sendall(word(2) + b"me" + b"0123456789")
        assert is_there.wait(PATIENCE)
    assert found == [b"me, 0123456789"]


def test_stream_request_is_closed_where_streams_are_not_offered(serve):
    server, _ = serve(secret=SECRET)
    with connected(started(server)) as sock:
        greet(sock, SECRET, Purpose.STREAM)
        sock.sendall(word(2) + b"me")
        assert sock.recv(1) == b""


def test_exception_in_the_error_callback_is_ignored():
    def fail(error):
        raise OSError(error)

    server = Server(echo, loop=EventLoop(NAME), max_request=2**20, on_error=fail)
    address = started(server)
    server.loop.call_soon(lambda: 1 / 0)
    client = client_of(address)
    assert client.call(b"x") == b"x"
    client.close()
    server.close()


def test_pending_responses_are_sent_before_closing(serve):
    replies = []
    server, _ = serve(lambda _, reply: replies.append(reply))
    with connected(started(server)) as sock:
        open_session(sock)
        sock.sendall(word(1) + word(1) + b"x")
        wait_until(lambda: bool(replies))
        replies[0]([b"last"])
        server.close()
        assert take(sock, 12) == word(4) + b"last"
        assert sock.recv(1) == b""


def test_close_is_idempotent_and_allowed_before_start(port):
    server = Server(echo, loop=EventLoop(NAME), max_request=1)
    address = server.listen([HOST], port=port)[0]
    server.close()
    server.close()
    server.loop.call_soon(lambda: None)
    with pytest.raises(ConnectionRefusedError):
        connected(TcpAddress(*address))


def test_sessions_of_a_lost_client_can_be_ended(serve):
    is_over = threading.Event()

    def name(request, reply):
        request.session.client = request.body.decode()
        reply([b"ok"])

    server, _ = serve(name, on_session_ended=is_over.set)
    address = started(server)
    lost, other = client_of(address), client_of(address)
    lost.call(b"macro")
    other.call(b"micro")
    (session,) = server.sessions_of("macro")
    assert session.connections == 1
    server.end_sessions_of("macro")
    assert is_over.wait(PATIENCE)
    assert server.sessions_of("macro") == []
    assert server.session_count == 1
    lost.close()
    other.close()


def test_mute_clients_are_disconnected_and_keep_no_other_client_out(serve):
    server, troubles = serve(max_untrusted=20)
    address = started(server)
    mute = [connected(address) for _ in range(100)]
    with closing(client_of(address)) as client:
        assert client.call(b"hello") == b"hello"
    for sock in mute[:79]:
        assert sock.recv(1) == b""
    for sock in mute:
        sock.close()
    assert "too many clients" in troubles[0]


def test_trusted_client_may_be_silent_while_others_are_disconnected_for_it(serve):
    def admit(request, reply):
        request.session.client = "micro"
        reply([request.body])

    server, _ = serve(admit, max_untrusted=5, patience=0.02)
    address = started(server)
    with closing(client_of(address)) as client:
        client.call(b"register")
        for _ in range(3):
            mute = connected(address)
            mute.sendall(b"half")
            assert mute.recv(1) == b""  # after two looks of the server
            mute.close()
        mute = [connected(address) for _ in range(50)]
        assert client.call(b"hello") == b"hello"
        for sock in mute:
            sock.close()


@pytest.mark.parametrize("half", [b"", b"half", word(0) + word(1) + word(100) + b"half"])
def test_half_greeting_or_request_of_an_untrusted_client_has_a_deadline(serve, half):
    server, troubles = serve(patience=0.02, secret=SECRET)
    sock = connected(started(server))
    sock.sendall(half)
    while sock.recv(100):
        pass
    sock.close()
    wait_until(lambda: troubles)
    assert "did not complete its greeting or a request in time" in troubles[0]


def test_large_request_is_accepted_from_trusted_clients_only(serve):
    server, troubles = serve(secret=SECRET)
    address = started(server)
    with closing(client_of(address, secret=SECRET)) as own:
        assert own.call(bytes(2**20)) == bytes(2**20)
    sock = connected(address)
    open_session(sock)
    sock.sendall(word(1) + word(2**16 + 1))
    assert sock.recv(1) == b""
    sock.close()
    wait_until(lambda: troubles)
    assert "announced 65537 bytes, more than the 65536 that are allowed" in troubles[0]


def test_client_is_accepted_when_mute_clients_have_used_up_the_open_files(serve):
    server, _ = serve()
    address = started(server)
    mute = []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(item.name) for item in Path("/dev/fd").iterdir())
    try:
        # both ends of a connection are in this process
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 41, hard))
        for _ in range(20):
            mute.append(connected(address))
        with closing(client_of(address)) as client:
            assert client.call(b"hello") == b"hello"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for sock in mute:
            sock.close()
