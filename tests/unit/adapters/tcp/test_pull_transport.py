"""Exchanging messages with MUSCLE3's instances."""

import pytest

from adapters.tcp.outboxes import OutboxOutlet
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.pull_transport import PullPeerTransport
from adapters.tcp.pulling_inlet import PullingInlet
from adapters.tcp.session_client import SessionClient
from adapters.wire import mpp
from domain.coupling.messages import PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.settings import Settings
from domain.identity import Reference
from tests.unit.adapters.tcp.loopback import PATIENCE

MACRO = Endpoint(Reference("macro"), "out")
MICRO = Endpoint(Reference("micro"), "in")
MESSAGE = PeerMessage(0.0, None, "x", Settings(), None, 0, ())


@pytest.fixture(params=[None, "the secret"], ids=["without a secret", "with a secret"])
def transport(request):
    server = PeerServer("macro", secret=request.param, hosts=["127.0.0.1"])
    made = PullPeerTransport(server=server)
    yield made
    made.close()


def test_location_is_one_of_muscle3(transport):
    (location,) = transport.locations()
    assert location.startswith("tcp:127.0.0.1:")


def test_messages_are_requested_in_both_directions(transport):
    outlet = transport.outlet(sender=MACRO, receiver=MICRO, peer_locations=["tcp:a:1"])
    inlet = transport.inlet(sender=MICRO, receiver=MACRO, peer_locations=["tcp:a:1"])
    assert isinstance(outlet, OutboxOutlet)
    assert isinstance(inlet, PullingInlet)


def test_wait_until_sent_includes_the_end_of_the_receivers_session(transport):
    transport.outlet(sender=MACRO, receiver=MICRO, peer_locations=["tcp:a:1"]).send(MESSAGE)
    assert not transport.wait_until_sent(timeout=0)
    client = SessionClient(transport.locations())
    data = client.call(mpp.encode_request("micro.in"))
    assert mpp.decode_message(data) == MESSAGE
    client.close()
    assert transport.wait_until_sent(timeout=PATIENCE)


def test_wait_for_a_session_that_does_not_end_is_limited_by_the_timeout(transport):
    transport.outlet(sender=MACRO, receiver=MICRO, peer_locations=["tcp:a:1"])
    client = SessionClient(transport.locations())
    client.begin(mpp.encode_request("micro.in"))
    assert client.wait(timeout=0) is None
    assert transport.wait_until_sent(timeout=0.05)
    client.close()


def test_session_of_a_client_that_is_no_receiver_does_not_delay_the_end(transport):
    transport.outlet(sender=MACRO, receiver=MICRO, peer_locations=["tcp:a:1"])
    client = SessionClient(transport.locations())
    client.begin(mpp.encode_request("no.body"))
    assert client.wait(timeout=0) is None
    assert transport.wait_until_sent(timeout=None)
    client.close()
