"""Connections between machines are encrypted, if both programs are ours.

An address of this machine that is not on the loopback interface stands for another machine.
"""

import socket
import threading

import numpy as np
import pytest

from adapters.io.event_loop import EventLoop
from adapters.tcp.server import Server
from adapters.tcp.session_client import SessionClient
from adapters.wire import greeting
from adapters.wire.frames import word
from adapters.wire.locations import CONJOIN, TCP, TcpAddress, addresses_in, format_location
from adapters.wire.reconnection import RetryPolicy
from domain.coupling.grid import Grid
from domain.coupling.messages import PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.settings import Settings
from domain.errors import RemoteProtocolError, TransportError
from domain.identity import Reference
from domain.running.clients import MANAGER
from entrypoints._instance.instance_wiring import open_transports
from tests.support.byte_cutting_proxy import ByteCuttingProxy
from tests.support.conditions import wait_until
from tests.support.network_address import network_address

SECRET = "a secret of this test"
SENDER = Endpoint(Reference("sender"), "out")
RECEIVER = Endpoint(Reference("receiver"), "in")
MARKER = "a marker that no one may read"
PATIENCE = 60.0
ONCE = RetryPolicy(first_pause=1e9)


@pytest.fixture
def host():
    return network_address()


@pytest.fixture
def transports(host):
    """Return a function that opens the transport of an instance which listens on the network."""
    opened = []

    def open_one(name, secret=SECRET):
        opened.append(open_transports(name, secret=secret, hosts=[host]))
        return opened[-1]

    yield open_one
    for transport in opened:
        transport.close()


@pytest.fixture
def proxy(host):
    """Return a function that starts a proxy on the network."""
    started = []

    def start(target, cuts=(), *, towards_client=True):
        started.append(ByteCuttingProxy(target, cuts, towards_client=towards_client, host=host))
        return started[-1]

    yield start
    for item in started:
        item.close()


@pytest.fixture
def server(host):
    """Return a started server, its address, and the errors that it reports."""
    errors = []
    server = Server(
        lambda request, reply: reply([request.body]),
        loop=EventLoop("server"),
        max_request=2**24,
        secret=SECRET,
        on_error=errors.append,
    )
    (address,) = server.listen([host])
    server.start()
    yield server, address, errors
    server.close()


def tcp_address(transport):
    """Return the address of a transport at which programs on other machines reach it."""
    (address,) = [
        item
        for item in addresses_in(transport.locations(), CONJOIN)
        if isinstance(item, TcpAddress)
    ]
    return address


def client_of(host, port, **options):
    return SessionClient([format_location(TCP, [TcpAddress(host, port)])], **options)


def send_all(outlet, messages):
    for number, data in enumerate(messages):
        outlet.send(PeerMessage(float(number), None, data, Settings(), None, number, ()))


def is_equal(received, sent):
    if isinstance(sent, np.ndarray):
        return isinstance(received, Grid) and np.array_equal(received.array, sent)
    return received == sent


@pytest.mark.parametrize(
    "cuts", [(), (1,), (700,), (3000, 5000), (400_000, 100), (2_000_000, 6_000_000)]
)
def test_stream_is_unreadable_and_complete_although_connections_are_cut(
    host, transports, proxy, cuts
):
    sender, receiver = transports("sender"), transports("receiver")
    messages = [MARKER, *range(200), np.arange(1_000_000.0), MARKER * 1000, np.arange(7.0)] * 2
    between = proxy(tcp_address(sender), cuts)
    outlet = sender.outlet(sender=SENDER, receiver=RECEIVER, peer_locations=receiver.locations())
    inlet = receiver.inlet(
        sender=SENDER,
        receiver=RECEIVER,
        peer_locations=[format_location(CONJOIN, [TcpAddress(host, between.port)])],
    )
    sending = threading.Thread(target=send_all, args=(outlet, messages))
    sending.start()
    for data in messages:
        received = inlet.receive(timeout=PATIENCE)
        assert received is not None
        assert is_equal(received.data, data)
    assert inlet.receive(timeout=0.001) is None
    sending.join()
    receiver.finish_receiving()
    assert sender.wait_until_sent(timeout=PATIENCE)
    assert between.all_cut
    assert len(between.seen) > 16_000_000
    assert MARKER.encode() not in between.seen
    assert np.arange(1000.0).tobytes() not in between.seen


def test_stream_from_an_instance_with_another_secret_is_refused(transports):
    sender, receiver = transports("sender", secret="another secret"), transports("receiver")
    with pytest.raises(RemoteProtocolError, match="does not know the secret of this run"):
        receiver.inlet(
            sender=SENDER,
            receiver=RECEIVER,
            peer_locations=[format_location(CONJOIN, [tcp_address(sender)])],
        )


def test_requests_are_unreadable_and_survive_cuts(host, server, proxy):
    _, address, errors = server
    between = proxy(address, [1, 800, 2000, 100_000])
    client = client_of(host, between.port, secret=SECRET)
    for size in (1, 100, 1, 5000):
        request = MARKER.encode() * size
        assert client.call(request) == request
    client.close()
    assert between.all_cut
    assert MARKER.encode() not in between.seen
    assert greeting.MAGIC not in between.seen
    assert errors == []


def test_client_with_another_secret_is_refused_and_reported(host, server):
    _, address, errors = server
    client = client_of(host, address.port, secret="another secret", retries=ONCE)
    with pytest.raises(RemoteProtocolError, match="does not know the secret of this run"):
        client.call(b"a request")
    client.close()
    wait_until(lambda: errors)
    assert "protocol error" in errors[0]
    assert "belong to another run" in errors[0]


def test_greeting_without_encryption_is_refused_from_another_machine(host, server):
    _, address, errors = server
    introduction = greeting.Introduction("someone", MANAGER, greeting.Purpose.SESSION)
    with socket.create_connection(address, timeout=PATIENCE) as sock:
        sock.sendall(greeting.client_hello(b"n" * greeting.NONCE_SIZE, introduction))
        assert sock.recv(1) == b""
    wait_until(lambda: errors)
    assert "greets without encryption" in errors[0]


def test_client_does_not_fall_back_to_a_server_without_encryption(host):
    """Whether the server lacks it, or an attacker between the programs removes it."""
    received = []

    def answer(listener):
        sock, _ = listener.accept()
        with sock:
            received.append(sock.recv(1))
            sock.sendall(word(1))
            while more := sock.recv(65536):
                received.append(more)

    with socket.create_server((host, 0)) as listener:
        other_end = threading.Thread(target=answer, args=(listener,))
        other_end.start()
        client = client_of(host, listener.getsockname()[1], secret=SECRET, retries=ONCE)
        with pytest.raises(RemoteProtocolError, match="does not encrypt the connection"):
            client.call(MARKER.encode())
        client.close()
        other_end.join()
    assert greeting.MAGIC not in b"".join(received)
    assert MARKER.encode() not in b"".join(received)


def test_client_that_stops_in_the_handshake_is_not_waited_for(host, server):
    """The server goes on with other clients."""
    _, address, errors = server
    with socket.create_connection(address, timeout=PATIENCE) as mute:
        mute.sendall(bytes([22, 3, 1]))
        client = client_of(host, address.port, secret=SECRET)
        assert client.call(b"a request") == b"a request"
        client.close()
    assert errors == []


def test_client_without_our_greeting_is_served_without_encryption(server):
    """MUSCLE3's programs do not encrypt."""
    _, address, _ = server
    with socket.create_connection(address, timeout=PATIENCE) as sock:
        sock.sendall(word(0))
        assert len(sock.recv(8)) == 8


def test_server_that_is_gone_fails_the_client_with_an_error_of_the_transport(host, server):
    gone, address, _ = server
    gone.close()
    client = client_of(host, address.port, secret=SECRET, retries=ONCE)
    with pytest.raises(TransportError):
        client.call(b"a request")
    client.close()
