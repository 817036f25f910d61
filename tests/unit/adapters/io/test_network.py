"""The addresses of this machine, and the results of connecting to others."""

import contextlib
import errno
import socket
import sys
from collections import deque, namedtuple

import psutil
import pytest

from adapters.io import network
from adapters.wire.locations import TcpAddress, UnixAddress
from domain.errors import TransportError
from tests.support.conditions import wait_until

HERE = TcpAddress("here", 1)
THERE = TcpAddress("there", 2)

Interface = namedtuple("Interface", ["isup"])  # noqa: PYI024 - as psutil's
Found = namedtuple("Found", ["family", "address"])  # noqa: PYI024


class ConnectedSocket:
    """Stands in for a connected socket."""

    family = socket.AF_INET

    def __init__(self, address):
        self.address = address
        self.options = []
        self.timeout = 1.0

    def setsockopt(self, *option):
        self.options.append(option)

    def settimeout(self, timeout):
        self.timeout = timeout

    def getpeername(self):
        return self.address

    def getsockname(self):
        return ("here", 1000)


@pytest.fixture
def answers(monkeypatch):
    """The result of connecting to each address: an error, or by default a connection."""
    errors: dict[tuple[str, int], OSError] = {}

    def create_connection(address, timeout):
        if address in errors:
            raise errors[address]
        return ConnectedSocket(address)

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return errors


def error(number):
    return OSError(number, errno.errorcode[number])


def interfaces(monkeypatch, default="", **addresses):
    """Simulate network interfaces; those whose names begin with `down` are down."""
    found = {
        name: [Found(socket.AF_INET6 if ":" in item else socket.AF_INET, item) for item in items]
        for name, items in addresses.items()
    }
    states = {name: Interface(not name.startswith("down")) for name in found}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: found)
    monkeypatch.setattr(psutil, "net_if_stats", lambda: states)
    monkeypatch.setattr(network, "_address_towards_outside", lambda: default)


def test_machine_identity_is_constant_and_valid_in_a_location():
    identity = network.host_identity()
    assert identity == network.host_identity()
    assert identity
    assert not set(identity) & set("=,")


def test_ipv4_addresses_precede_ipv6_and_loopback_is_excluded(monkeypatch):
    interfaces(monkeypatch, lo=["127.0.0.1", "::1"], eth=["2001:db8::1", "10.0.0.1"])
    assert network.own_hosts() == ["10.0.0.1", "2001:db8::1"]


def test_address_of_the_default_route_is_first(monkeypatch):
    interfaces(monkeypatch, "10.0.0.2", a=["10.0.0.1"], b=["10.0.0.2"])
    assert network.own_hosts() == ["10.0.0.2", "10.0.0.1"]


def test_inactive_interfaces_and_link_local_addresses_are_excluded(monkeypatch):
    interfaces(monkeypatch, down=["10.0.0.1"], eth=["169.254.0.1", "fe80::1%eth", "10.0.0.3"])
    assert network.own_hosts() == ["10.0.0.3"]


def test_loopback_is_used_without_a_network(monkeypatch):
    interfaces(monkeypatch, lo=["127.0.0.1"], down=["10.0.0.1"])
    assert network.own_hosts() == ["127.0.0.1"]


def test_unix_sockets_are_tried_first_and_on_this_machine_only():
    ours = UnixAddress(network.host_identity(), "name")
    theirs = UnixAddress("elsewhere", "name")
    expected = [ours, THERE] if network.HAS_ABSTRACT_SOCKETS else [THERE]
    assert network.reachable([THERE, theirs, ours]) == expected


def test_first_address_that_accepts_is_used(answers):
    answers[HERE] = error(errno.ECONNREFUSED)
    sock = network.connect([HERE, THERE, TcpAddress("never asked", 3)])
    assert sock.address == THERE  # type: ignore[attr-defined]
    assert sock.timeout is None
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) in sock.options  # type: ignore[attr-defined]


def test_connection_error_has_the_result_of_each_address(answers):
    answers[HERE] = error(errno.ECONNREFUSED)
    answers[THERE] = error(errno.EHOSTUNREACH)
    with pytest.raises(TransportError, match="here:1: ECONNREFUSED; there:2: EHOSTUNREACH"):
        network.connect([HERE, THERE])


@pytest.mark.parametrize(
    ("failures", "transient"),
    [
        ([error(errno.ECONNREFUSED), error(errno.ECONNREFUSED)], False),
        ([error(errno.ECONNREFUSED), error(errno.ENETUNREACH)], True),
        ([error(errno.ECONNRESET), error(errno.ECONNREFUSED)], True),
        ([TimeoutError("timed out"), error(errno.ECONNREFUSED)], True),
        ([socket.gaierror(socket.EAI_NONAME, "no such name")] * 2, False),
    ],
)
def test_connection_error_is_transient_unless_all_addresses_refuse(answers, failures, transient):
    answers.update(zip((HERE, THERE), failures, strict=True))
    with pytest.raises(TransportError) as caught:
        network.connect([HERE, THERE])
    assert caught.value.transient is transient


@pytest.mark.parametrize("addresses", [[], [UnixAddress("elsewhere", "name")]])
def test_connecting_without_a_usable_address_is_an_error(addresses):
    with pytest.raises(TransportError, match="no address that can be used here") as caught:
        network.connect(addresses)
    assert not caught.value.transient


@pytest.mark.skipif(not network.HAS_ABSTRACT_SOCKETS, reason="needs abstract Unix sockets")
def test_unix_socket_without_a_listener_is_refused():
    with pytest.raises(TransportError, match=r"nobody-here.*refused") as caught:
        network.connect([UnixAddress(network.host_identity(), "conjoin-nobody-here")])
    assert not caught.value.transient


def test_own_addresses_are_recognised():
    assert network.is_own("127.0.0.1")
    assert not network.is_own("192.0.2.1")
    assert not network.is_own("2001:db8::1")


def test_numeric_addresses_are_recognised():
    assert network.is_numeric("192.0.2.1")
    assert network.is_numeric("2001:db8::1")
    assert not network.is_numeric("localhost")


@pytest.mark.parametrize(
    ("count", "left"), [(0, [b"ab", b"c"]), (1, [b"b", b"c"]), (2, [b"c"]), (3, [])]
)
def test_sent_bytes_are_removed_from_the_queue(count, left):
    queue = deque(map(memoryview, (b"ab", b"c")))
    network.remove_front(queue, count)
    assert list(queue) == left


def test_send_some_keeps_unsent_bytes_in_the_queue():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    queue = deque(memoryview(bytes(2**16)) for _ in range(1000))
    size = sum(map(len, queue))
    sent = network.send_some(ours, queue)
    assert 0 < sent < size
    assert sum(map(len, queue)) == size - sent
    theirs.close()
    with pytest.raises(OSError, match="Broken pipe"):
        network.send_some(ours, queue)
    ours.close()


@pytest.fixture
def tcp_pair():
    """Both ends of a TCP connection on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    with client, server:
        yield client, server


def option(sock, name):
    return sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))


def test_tcp_connection_has_keepalive(tcp_pair):
    sock, _ = tcp_pair
    network.set_tcp_options(sock)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert option(sock, "TCP_NODELAY")
    assert option(sock, "TCP_KEEPIDLE") == network.KEEPALIVE_IDLE
    assert option(sock, "TCP_KEEPINTVL") == network.KEEPALIVE_INTERVAL
    assert option(sock, "TCP_KEEPCNT") == network.KEEPALIVE_COUNT


@pytest.mark.parametrize(
    ("source", "timeout"), [("127.0.0.2", network.USER_TIMEOUT), ("127.0.0.1", 0)]
)
def test_only_connection_between_machines_has_a_user_timeout(source, timeout):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), source_address=(source, 0))
        server, _ = listener.accept()
    with client, server:
        for sock in (client, server):
            network.set_tcp_options(sock)
            assert option(sock, "TCP_USER_TIMEOUT") == timeout
            network.wait_for_slow_receiver(sock)
            assert option(sock, "TCP_USER_TIMEOUT") == 0


def test_data_that_is_acknowledged_is_not_in_transit(tcp_pair):
    ours, _ = tcp_pair
    ours.sendall(b"x")
    wait_until(lambda: not network.is_in_transit(ours))


def test_data_for_which_the_receiver_has_no_space_is_not_in_transit(tcp_pair):
    ours, _ = tcp_pair
    ours.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            ours.send(bytes(2**20))
    wait_until(lambda: not network.is_in_transit(ours))


class InfoSocket:
    """A TCP socket with some statistics."""

    family = socket.AF_INET

    def __init__(self, probes, unacknowledged):
        self._info = bytes([1, 0, 9, probes, 5, 7, 7, 7]) + bytes([9]) * 16
        self._info += unacknowledged.to_bytes(4, sys.byteorder)

    def getsockopt(self, level, name, size):
        assert (level, name, size) == (socket.IPPROTO_TCP, socket.TCP_INFO, len(self._info))
        return self._info


@pytest.mark.skipif(not network.IS_LINUX, reason="needs Linux's statistics of a connection")
@pytest.mark.parametrize(
    ("probes", "unacknowledged", "is_in_transit"),
    [(0, 0, False), (1, 0, True), (0, 1, True), (0, 70_000, True)],
)
def test_data_is_in_transit_until_the_other_machine_responds(probes, unacknowledged, is_in_transit):
    assert network.is_in_transit(InfoSocket(probes, unacknowledged)) is is_in_transit


def test_unix_and_closed_sockets_are_not_in_transit(tcp_pair):
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"x")
        assert not network.is_in_transit(one)
    tcp_pair[0].close()
    assert not network.is_in_transit(tcp_pair[0])


def test_socket_that_connects_has_keepalive():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sock = network.connect([TcpAddress("127.0.0.1", listener.getsockname()[1])])
        with sock:
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_unix_socket_gets_no_tcp_options():
    one, other = socket.socketpair()
    with one, other:
        network.set_tcp_options(one)
        network.wait_for_slow_receiver(one)
        assert not one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@pytest.mark.skipif(not network.HAS_ABSTRACT_SOCKETS, reason="needs abstract Unix sockets")
def test_unix_socket_of_another_user_is_refused(monkeypatch):
    name = "conjoin-of-another-user"
    with network.listen_unix(name):
        monkeypatch.setattr("os.geteuid", lambda: 65534)
        with pytest.raises(TransportError, match="belongs to another user"):
            network.connect([UnixAddress(network.host_identity(), name)])
