"""Streams between our own instances."""

import socket

import pytest

from adapters.io import network
from adapters.tcp.outgoing_stream import StreamOutlet
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.pull_transport import PullPeerTransport
from adapters.tcp.session_client import receive_exactly
from adapters.tcp.stream_transport import StreamPeerTransport
from adapters.wire import stream
from adapters.wire.frames import word
from adapters.wire.greeting import Purpose
from adapters.wire.locations import CONJOIN, TCP, UnixAddress, addresses_in
from domain.coupling.messages import PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.settings import Settings
from domain.errors import TransportError
from domain.identity import Reference
from tests.unit.adapters.tcp.loopback import PATIENCE, greet

MACRO = Endpoint(Reference("macro"), "out")
MICRO = Endpoint(Reference("micro"), "in")
SECRET = "the secret"
MESSAGE = PeerMessage(0.0, None, "x", Settings(), None, 0, ())


@pytest.fixture
def make():
    made = []

    def make_transport(name="macro"):
        server = PeerServer(name, secret=SECRET, hosts=["127.0.0.1"])
        made.append(StreamPeerTransport(name, server=server, secret=SECRET))
        return made[-1]

    yield make_transport
    for transport in made:
        transport.close()


def request_stream(address, hello):
    """Connect as a receiver does."""
    sock = socket.create_connection(address)
    sock.settimeout(PATIENCE)
    greet(sock, SECRET, Purpose.STREAM, client="instance micro", server="instance macro")
    sock.sendall(word(len(hello)) + hello)
    return sock


def test_fastest_address_is_published_first(make):
    (location,) = make().locations()
    addresses = addresses_in([location], CONJOIN)
    assert addresses[-1].host == "127.0.0.1"
    if network.HAS_ABSTRACT_SOCKETS:
        assert isinstance(addresses[0], UnixAddress)


def test_peers_without_streams_are_not_reached(make):
    transport = make()
    assert transport.reaches(["tcp:a:1", "conjoin:a:1"])
    assert not transport.reaches(["tcp:a:1"])


def test_all_ports_to_a_peer_share_one_stream(make):
    macro, micro = make("macro"), make("micro")
    for port in ("a", "b"):
        receiver = Endpoint(MICRO.instance, port)
        outlet = macro.outlet(sender=MACRO, receiver=receiver, peer_locations=micro.locations())
        assert isinstance(outlet, StreamOutlet)
        outlet.send(MESSAGE)
    for port in ("b", "a"):
        inlet = micro.inlet(
            sender=MACRO,
            receiver=Endpoint(MICRO.instance, port),
            peer_locations=macro.locations(),
        )
        assert inlet.receive(timeout=PATIENCE) == MESSAGE
    assert len(macro._outgoing) == len(micro._incoming) == 1


def test_unreachable_sender_raises_a_transport_error(make, nowhere):
    with pytest.raises(TransportError):
        make().inlet(sender=MICRO, receiver=MACRO, peer_locations=[nowhere.replace(TCP, CONJOIN)])


def test_stream_with_an_invalid_hello_is_closed(make):
    address = addresses_in(make().locations(), CONJOIN)[-1]
    with request_stream(address, b"\xc0") as sock, pytest.raises(EOFError):
        receive_exactly(sock, 1)


def test_stream_requested_after_closing_is_closed():
    server = PeerServer("macro", secret=SECRET, hosts=["127.0.0.1"])
    transport = StreamPeerTransport("macro", server=server, secret=SECRET)
    other = PullPeerTransport(server=server)
    transport.close()
    try:
        hello = stream.encode_hello("micro", 0)
        with request_stream(server.addresses[0], hello) as sock, pytest.raises(EOFError):
            receive_exactly(sock, 1)
    finally:
        other.close()


def test_stream_requested_in_the_name_of_another_instance_is_closed(make):
    address = addresses_in(make().locations(), CONJOIN)[-1]
    hello = stream.encode_hello("another", 0)
    with request_stream(address, hello) as sock, pytest.raises(EOFError):
        receive_exactly(sock, 1)
