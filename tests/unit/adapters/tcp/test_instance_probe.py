"""Probing instances at their ports."""

import errno
import socket
from contextlib import ExitStack, closing

import pytest

from adapters.io import network
from adapters.io.event_loop import EventLoop
from adapters.tcp.instance_probe import TcpInstanceProbe, answer_on, refuses_connections
from adapters.tcp.peer_server import PeerServer
from adapters.tcp.pull_transport import PullPeerTransport
from domain.running.presence import Presence
from tests.support.conditions import wait_until


@pytest.fixture
def loop():
    errors = []
    loop = EventLoop("loop")
    loop.on_error(errors.append)
    loop.start()
    with closing(loop):
        yield loop
    assert errors == []


@pytest.fixture
def unresponsive():
    """A location that never responds, as if a firewall dropped all packets."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.2", 0), backlog=0))
        while True:
            sock = stack.enter_context(socket.socket())
            sock.settimeout(0.2)
            try:
                sock.connect(listener.getsockname())
            except TimeoutError:
                break
        yield f"tcp:127.0.0.2:{listener.getsockname()[1]}"


def look(loop, *locations, timeout=60.0):
    found = []
    with closing(TcpInstanceProbe(loop, timeout=timeout)) as probe:
        probe.look(locations, found.append)
        wait_until(lambda: bool(found))
    (presence,) = found
    return presence


def test_unresponsive_location_is_unknown(loop, unresponsive):
    assert look(loop, unresponsive, timeout=0.1) is Presence.UNKNOWN


def test_one_response_is_sufficient_if_another_address_does_not_respond(loop, unresponsive):
    server = PeerServer("a", hosts=["127.0.0.1"])
    with closing(PullPeerTransport(server=server)) as transport:
        assert look(loop, unresponsive, *transport.locations()) is Presence.THERE


def test_simultaneous_responses_are_accepted(loop):
    with ExitStack() as stack:
        ports = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            for _ in range(10)
        ]
        addresses = ",".join(f"127.0.0.1:{port}" for port in ports)
        for _ in range(10):
            assert look(loop, f"tcp:{addresses}") is Presence.THERE


def test_own_address_proves_nothing_about_an_instance_on_another_machine(
    loop, nowhere, unresponsive, monkeypatch
):
    monkeypatch.setattr(network, "is_own", lambda address: address == "127.0.0.1")
    assert look(loop, nowhere, unresponsive, timeout=0.1) is Presence.UNKNOWN


def test_host_names_are_not_resolved(loop, nowhere):
    port = nowhere.rpartition(":")[2]
    assert look(loop, f"tcp:localhost:{port}") is Presence.UNKNOWN


def test_probe_causes_no_warning_at_the_instance(loop):
    errors = []
    server = PeerServer("a", secret="shared", hosts=["127.0.0.1"], on_error=errors.append)
    with closing(PullPeerTransport(server=server)) as transport:
        for _ in range(10):
            assert look(loop, *transport.locations()) is Presence.THERE
        assert transport.wait_until_sent(timeout=60.0)
    assert errors == []


def test_closing_an_active_probe_releases_its_resources(loop, unresponsive):
    found = []
    with closing(TcpInstanceProbe(loop, timeout=60.0)) as probe:
        probe.look([unresponsive], found.append)
    done = []
    loop.call_soon(lambda: done.append(True))
    wait_until(lambda: bool(done))
    assert found == []


def test_socket_connected_to_itself_counts_as_refused():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.connect(sock.getsockname())
        assert answer_on(sock) == errno.ECONNREFUSED


def test_refusing_addresses_prove_that_an_instance_is_gone(nowhere):
    assert refuses_connections([nowhere])


def test_listening_instance_is_there(nowhere):
    with closing(PullPeerTransport(server=PeerServer("a", hosts=["127.0.0.1"]))) as transport:
        assert not refuses_connections([nowhere, *transport.locations()])


def test_unresponsive_address_proves_nothing(nowhere, unresponsive):
    assert not refuses_connections([nowhere, unresponsive], timeout=0.1)


@pytest.mark.parametrize("locations", [[], ["tcp:localhost:1"], ["other:127.0.0.1:1"]])
def test_location_without_a_numeric_address_proves_nothing(locations):
    assert not refuses_connections(locations)


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EAFNOSUPPORT])
def test_address_in_an_unreachable_network_proves_nothing(monkeypatch, number):
    def connect(address, timeout):
        if ":" in address[0]:
            raise OSError(number, "no such network")
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    assert refuses_connections(["tcp:192.0.2.7:1,[2001:db8::1]:1"])
    assert not refuses_connections(["tcp:[2001:db8::1]:1"])
