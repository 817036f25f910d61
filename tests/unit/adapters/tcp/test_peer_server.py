"""One listening port for several transports."""

import socket

import pytest

from adapters.io import network
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.session_client import SessionClient, receive_exactly
from adapters.wire import mpp, stream
from adapters.wire.frames import word
from adapters.wire.greeting import Purpose
from adapters.wire.locations import TCP, UnixAddress, format_location
from tests.support.conditions import wait_until
from tests.unit.adapters.tcp.loopback import PATIENCE, RETRY_ONCE, greet

SECRET = "the secret"
HOSTS = ["127.0.0.1"]
REQUEST = mpp.encode_request("micro.in")
HELLO = stream.encode_hello("micro", 0)


def ignore(*_args):
    pass


@pytest.fixture
def listen():
    """Return a function that creates a server; all are closed after the test."""
    made = []

    def create(**options):
        made.append(PeerServer("macro", **options))
        return made[-1]

    yield create
    for server in made:
        server._server.close()


def client_of(server):
    return SessionClient([format_location(TCP, server.addresses)], retries=RETRY_ONCE)


def request_stream(server):
    sock = socket.create_connection(server.addresses[0])
    sock.settimeout(PATIENCE)
    greet(sock, SECRET, Purpose.STREAM, client="instance micro", server="instance macro")
    sock.sendall(word(len(HELLO)) + HELLO)
    return sock


def test_requests_and_streams_arrive_at_their_transports(listen):
    streams = []
    sessions_ended = []
    server = listen(secret=SECRET, hosts=HOSTS)
    server.serve_requests(
        lambda request, reply: reply([request.body]),
        on_session_ended=lambda: sessions_ended.append(True),
    )
    server.serve_streams(lambda sock, request: (streams.append(request.hello), sock.close()))
    client = client_of(server)
    assert client.call(REQUEST) == REQUEST
    with request_stream(server) as sock, pytest.raises(EOFError):
        receive_exactly(sock, 1)
    assert streams == [HELLO]
    assert server.session_count == 1
    client.close()
    wait_until(lambda: bool(sessions_ended))
    assert server.session_count == 0


def test_server_stays_open_until_the_last_transport_leaves(listen):
    server = listen(secret=SECRET, hosts=HOSTS)
    server.serve_streams(ignore)
    server.serve_requests(lambda request, reply: reply([request.body]), on_session_ended=ignore)
    server.leave()
    client = client_of(server)
    assert client.call(REQUEST) == REQUEST
    client.close()
    server.leave()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(server.addresses[0], timeout=PATIENCE)


def test_requests_are_refused_where_only_streams_are_served(listen):
    errors = []
    server = listen(secret=SECRET, hosts=HOSTS, on_error=errors.append)
    server.serve_streams(ignore)
    with socket.create_connection(server.addresses[0]) as sock:
        sock.settimeout(PATIENCE)
        sock.sendall(word(0))
        receive_exactly(sock, 8)
        sock.sendall(word(1) + word(len(REQUEST)) + REQUEST)
        with pytest.raises(EOFError):
            receive_exactly(sock, 1)
    (error,) = errors
    assert "sends streams only" in error


def test_streams_are_refused_where_only_requests_are_served(listen):
    errors = []
    server = listen(secret=SECRET, hosts=HOSTS, on_error=errors.append)
    server.serve_requests(ignore, on_session_ended=ignore)
    with request_stream(server) as sock, pytest.raises(EOFError):
        receive_exactly(sock, 1)
    wait_until(lambda: bool(errors))  # the socket is closed first
    (error,) = errors
    assert "only answers requests" in error


@pytest.mark.parametrize("secret", [None, SECRET])
def test_local_address_is_offered_to_our_own_clients_only(listen, secret):
    server = listen(secret=secret, hosts=HOSTS)
    if secret is None or not network.HAS_ABSTRACT_SOCKETS:
        assert server.local_addresses == []
    else:
        (address,) = server.local_addresses
        assert isinstance(address, UnixAddress)


def test_all_addresses_of_this_machine_are_the_default(listen):
    server = listen()
    assert server.addresses
    assert {address.host for address in server.addresses} <= set(network.own_hosts())
