"""Where an instance can be reached, and which way it takes to a peer."""

import socket

import pytest

from adapters.io import network
from adapters.tcp.outboxes import OutboxOutlet
from adapters.tcp.outgoing_stream import StreamOutlet
from adapters.tcp.peers import TcpPeerTransport
from adapters.tcp.pulling_inlet import PullingInlet
from adapters.tcp.session_client import SessionClient, receive_exactly
from adapters.wire import mpp
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
HOSTS = ["127.0.0.1"]
MESSAGE = PeerMessage(0.0, None, "x", Settings(), None, 0, ())


@pytest.fixture
def make():
    made = []

    def make_transport(name="macro", secret=SECRET, hosts=HOSTS):
        made.append(TcpPeerTransport(name, secret=secret, hosts=hosts))
        return made[-1]

    yield make_transport
    for transport in made:
        transport.close()


def test_without_a_secret_only_muscle3s_way_is_offered(make):
    (location,) = make(secret=None).locations()
    assert location.startswith("tcp:127.0.0.1:")


def test_with_a_secret_our_own_is_offered_too_the_fastest_first(make):
    locations = make().locations()
    tcp, own = addresses_in(locations, TCP), addresses_in(locations, CONJOIN)
    assert own[-1:] == tcp
    if network.HAS_ABSTRACT_SOCKETS:
        assert isinstance(own[0], UnixAddress)


def test_without_hosts_it_can_be_reached_at_all_of_this_machines(make):
    found = addresses_in(make(hosts=None).locations(), TCP)
    assert {address.host for address in found} <= set(network.own_hosts())
    assert found


@pytest.mark.parametrize("secret", [None, SECRET])
def test_muscle3s_peers_are_asked_and_ask(make, secret):
    transport = make(secret=secret)
    outlet = transport.outlet(sender=MACRO, receiver=MICRO, peer_locations=["tcp:a:1"])
    inlet = transport.inlet(sender=MICRO, receiver=MACRO, peer_locations=["tcp:a:1"])
    assert isinstance(outlet, OutboxOutlet)
    assert isinstance(inlet, PullingInlet)


def test_without_a_secret_our_own_peers_are_as_muscle3s(make):
    places = ["tcp:a:1", "conjoin:a:1"]
    outlet = make(secret=None).outlet(sender=MACRO, receiver=MICRO, peer_locations=places)
    assert isinstance(outlet, OutboxOutlet)


def test_our_own_peers_have_one_stream_for_all_their_ports(make):
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


def test_a_peer_of_ours_that_is_not_there_is_named(make, nowhere):
    with pytest.raises(TransportError):
        make().inlet(sender=MICRO, receiver=MACRO, peer_locations=[nowhere.replace(TCP, CONJOIN)])


def test_a_stream_for_who_does_not_say_its_name_is_closed(make):
    (address,) = addresses_in(make().locations(), TCP)
    with socket.create_connection(address) as sock:
        sock.settimeout(PATIENCE)
        greet(sock, SECRET, Purpose.STREAM)
        sock.sendall(word(1) + b"\xc0")
        with pytest.raises(EOFError):
            receive_exactly(sock, 1)


def test_what_was_sent_is_waited_for_until_it_is_fetched_and_the_peer_has_left(make):
    transport = make(secret=None)
    transport.outlet(sender=MACRO, receiver=MICRO, peer_locations=["tcp:a:1"]).send(MESSAGE)
    assert not transport.wait_until_sent(timeout=0)
    client = SessionClient(transport.locations())
    data = client.call(mpp.encode_request("micro.in"))
    assert mpp.decode_message(data) == MESSAGE
    client.close()
    assert transport.wait_until_sent(timeout=PATIENCE)


def test_a_peer_that_never_says_goodbye_is_waited_for_no_longer_than_allowed(make):
    transport = make(secret=None)
    client = SessionClient(transport.locations())
    client.begin(mpp.encode_request("micro.in"))
    assert client.wait(timeout=0) is None
    assert transport.wait_until_sent(timeout=0.05)
    client.close()
