"""Finding the other end of a TCP connection, by netlink and in procfs."""

import os
import socket
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.processes.socket_table import (
    SocketEntry,
    find_by_netlink,
    find_in_files,
    find_socket,
)
from conjoin.testing.conditions import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's tables")

WAYS = pytest.mark.parametrize("find", [find_by_netlink, find_in_files, find_socket])


@contextmanager
def connection(host="127.0.0.1", *, client_family=None, client_host=None):
    """Yield both ends of a connection: the client's, and the server's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen()
        address = (client_host or host, listener.getsockname()[1])
        with socket.socket(client_family or family) as client:
            client.connect(address)
            server, _ = listener.accept()
            with server:
                yield client, server


def ends(sock):
    """Return the addresses of a socket, as the server names them."""
    plain = [
        (host.removeprefix("::ffff:"), port)
        for host, port, *_ in (sock.getpeername(), sock.getsockname())
    ]
    return plain[0], plain[1]


@WAYS
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_user_and_socket_of_the_other_end_are_found(find, host):
    with connection(host) as (client, server):
        found = find(*ends(server))
        assert found == SocketEntry(os.getuid(), os.fstat(client.fileno()).st_ino)


@WAYS
def test_mapped_ipv6_client_is_found(find):
    options = {"client_family": socket.AF_INET6, "client_host": "::ffff:127.0.0.1"}
    with connection(**options) as (client, server):
        found = find(*ends(server))
        assert found == SocketEntry(os.getuid(), os.fstat(client.fileno()).st_ino)


@WAYS
def test_connection_of_another_machine_is_not_found(find):
    with connection() as (_, server):
        _, own = ends(server)
        assert find(("192.0.2.1", 4711), own) is None


@WAYS
def test_listening_socket_is_not_taken_for_a_client(find):
    # a remote client could choose the port of a local listener as its own
    with connection() as (_, server), socket.socket() as listener:
        listener.bind(("", 0))
        listener.listen()
        _, own = ends(server)
        assert find(("192.0.2.1", listener.getsockname()[1]), own) is None
        assert find(("127.0.0.1", listener.getsockname()[1]), own) is None


@WAYS
def test_socket_that_its_program_has_closed_has_no_number(find):
    # the system reports root as the user of such a socket
    with connection() as (client, server):
        both = ends(server)
        client.close()
        wait_until(lambda: find(*both) is None or find(*both).inode == 0)


def test_procfs_without_tables_finds_nothing(tmp_path: Path):
    assert find_in_files(("127.0.0.1", 1), ("127.0.0.1", 2), proc=tmp_path) is None


def test_procfs_is_read_where_netlink_is_not_available(monkeypatch):
    def fail(*_):
        raise PermissionError

    monkeypatch.setattr("adapters.processes.socket_table.find_by_netlink", fail)
    with connection() as (client, server):
        found = find_socket(*ends(server))
        assert found is not None
        assert found.inode == os.fstat(client.fileno()).st_ino
