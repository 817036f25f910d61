"""An instance with an in-memory transport in addition to the TCP transports."""

from contextlib import ExitStack, closing

import pytest

from adapters.in_memory.peer_transport import InMemoryNetwork, InMemoryOutlet, InMemoryPeerTransport
from adapters.system.clock import SystemClock
from adapters.tcp.outboxes import OutboxOutlet
from adapters.tcp.outgoing_stream import StreamOutlet
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.pull_transport import PullPeerTransport
from adapters.tcp.stream_transport import StreamPeerTransport
from application.instance.peer_transports import PeerTransports
from domain.coupling.peers import Endpoint
from domain.errors import PeerUnreachable
from domain.identity import Reference
from tests.unit.application.instance.exchange import Exchange

SECRET = "the secret"
PATIENCE = 60.0

CONDUITS = """\
macro o_i -> near f_init
macro o_i -> ours f_init
macro o_i -> foreign f_init
near o_f -> mixer f_init
ours o_f -> mixer s
"""
SCHEMES = {
    "macro": ("memory", "conjoin", "tcp"),
    "mixer": ("memory", "conjoin", "tcp"),
    "near": ("memory", "conjoin", "tcp"),
    "ours": ("conjoin", "tcp"),
    "foreign": ("tcp",),
}


def combine(name, schemes, network):
    """Return the transports of an instance, in order of preference."""
    server = PeerServer(name, secret=SECRET, hosts=["127.0.0.1"])
    create = {
        "memory": lambda: InMemoryPeerTransport(name, network),
        "conjoin": lambda: StreamPeerTransport(name, server=server, secret=SECRET),
        "tcp": lambda: PullPeerTransport(server=server),
    }
    return PeerTransports([create[scheme]() for scheme in schemes], clock=SystemClock())


@pytest.fixture
def transports():
    network = InMemoryNetwork()
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(closing(combine(name, schemes, network)))
            for name, schemes in SCHEMES.items()
        }


@pytest.fixture
def join(transports):
    exchange = Exchange(CONDUITS)
    locations = {name: transport.locations() for name, transport in transports.items()}

    def connect(name, depth=1):
        return exchange.join(name, depth=depth, transport=transports[name], locations=locations)

    return connect


def test_communicator_exchanges_messages_with_peers_of_different_transports(join):
    macro, near, ours, foreign = join("macro"), join("near"), join("ours"), join("foreign")
    mixer = join("mixer")
    for number in range(3):
        macro.send("o_i", number)
    for peer in (near, ours, foreign):
        assert [peer.receive("f_init").data for _ in range(3)] == [0, 1, 2]
    for peer in (near, ours):
        peer.send("o_f", f"from {peer.peers.instance}")
    assert mixer.receive("f_init").data == "from near"
    assert mixer.receive("s").data == "from ours"
    for member in (near, ours, foreign, mixer):
        member.transport.finish_receiving()
    for member in (macro, near, ours):
        assert member.transport.wait_until_sent(timeout=PATIENCE)


def test_each_peer_gets_the_first_transport_that_both_support(transports):
    macro = Endpoint(Reference("macro"), "o_i")
    outlets = {
        name: transports["macro"].outlet(
            sender=macro,
            receiver=Endpoint(Reference(name), "f_init"),
            peer_locations=transports[name].locations(),
        )
        for name in ("near", "ours", "foreign")
    }
    assert isinstance(outlets["near"], InMemoryOutlet)
    assert isinstance(outlets["ours"], StreamOutlet)
    assert isinstance(outlets["foreign"], OutboxOutlet)


def test_connecting_to_a_peer_without_a_common_transport_fails():
    exchange = Exchange("macro o_i -> micro f_init")
    with closing(combine("macro", ("memory", "tcp"), InMemoryNetwork())) as transport:
        locations = {"micro": ["shm:segment"]}
        with pytest.raises(PeerUnreachable, match=r"'micro'.*\(memory, tcp\).*\(shm:segment\)"):
            exchange.join("macro", transport=transport, locations=locations)
