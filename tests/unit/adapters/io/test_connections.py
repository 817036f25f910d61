"""Which connections are encrypted, and waiting for their data."""

import socket

import pytest

from adapters.io import connections
from adapters.io.encrypted_socket import EncryptedSocket
from adapters.wire.locations import TcpAddress
from domain.errors import TransportError
from tests.support.loaded_modules import loaded_by

SECRET = "a secret of this test"


class SocketTo(socket.socket):
    """A socket that claims to be connected to some address."""

    def __init__(self, host):
        super().__init__()
        self._host = host

    def getpeername(self):
        if self._host is None:
            raise OSError("not connected")
        return (self._host, 9000)


def secured(host, secret=SECRET):
    with SocketTo(host) as sock:
        return connections.secured(sock, secret)


@pytest.mark.parametrize("host", ["10.0.0.1", "fd00::1", "192.168.127.1"])
def test_connection_of_ours_to_another_machine_is_encrypted(host):
    assert isinstance(secured(host), EncryptedSocket)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_connection_to_loopback_is_not_encrypted(host):
    assert isinstance(secured(host), SocketTo)


def test_connection_to_muscle3_is_not_encrypted():
    assert isinstance(secured("10.0.0.1", secret=None), SocketTo)


def test_unix_socket_is_not_encrypted():
    with socket.socket(socket.AF_UNIX) as sock:
        assert connections.secured(sock, SECRET) is sock


def test_socket_that_lost_its_connection_is_a_transient_error():
    with SocketTo(None) as sock:
        with pytest.raises(TransportError, match="closed the connection") as raised:
            connections.secured(sock, SECRET)
        assert raised.value.transient
        assert sock.fileno() == -1


def test_poller_waits_for_a_plain_socket():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        poller = connections.poller(ours)
        assert not poller.poll(0)
        theirs.sendall(b"x")
        assert poller.poll(None)


def test_poller_of_an_encrypted_socket_is_the_socket():
    sock = secured("10.0.0.1")
    assert connections.poller(sock) is sock


@pytest.mark.parametrize(
    ("hosts", "is_loaded"),
    [(["127.0.0.1", "::1"], False), (["127.0.0.1", "10.0.0.1"], True), ([], False)],
)
def test_encryption_is_loaded_only_where_another_machine_can_connect(hosts, is_loaded):
    addresses = [TcpAddress(host, 9000) for host in hosts]
    code = "from adapters.io import connections\nfrom adapters.wire.locations import TcpAddress\n"
    modules = loaded_by(f"{code}connections.prepare({SECRET!r}, {addresses!r})")
    assert ("ssl" in modules) == is_loaded
    assert ("cryptography" in modules) == is_loaded


def test_certificates_of_the_standard_kind_are_not_loaded():
    """They would double the time until an instance is connected."""
    code = "from adapters.io.encryption import run_encryption\n"
    assert "cryptography.x509" not in loaded_by(f"{code}run_encryption({SECRET!r})")
