"""Connections from a node to this machine, through an SSH connection."""

import hashlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.processes.peer_processes import new_peer_processes
from adapters.ssh_agents.connections import SshConnections
from adapters.ssh_agents.hosts import SshHost
from adapters.ssh_agents.ssh_config import SshConfiguration
from adapters.ssh_agents.tunnel import ReverseTunnel
from adapters.wire.locations import TcpAddress
from tests.support.nodes import Nodes

MANY = 20_000_000

CLIENT = """
import hashlib, socket, sys, threading
sock = socket.create_connection(("localhost", int(sys.argv[1])))
data = bytes(range(256)) * (int(sys.argv[2]) // 256)
sender = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(socket.SHUT_WR)))
sender.start()
digest = hashlib.sha256()
while part := sock.recv(2**20):
    digest.update(part)
sender.join()
print(digest.hexdigest())
"""


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@contextmanager
def tunnel_to(nodes: Nodes, home: Path, server: socket.socket) -> Iterator[int]:
    """Open a tunnel from the first node; return the port on the node."""
    configuration = SshConfiguration(nodes.write_ssh_config(home))
    connections = SshConnections(accept_new_host_keys=False, patience=60.0)
    host = SshHost(name="node1", host="node1")
    try:
        client = connections.open(configuration.route_to(host))
        transport = client.get_transport()
        assert transport is not None
        tunnel = ReverseTunnel(transport, [TcpAddress(*server.getsockname())])
        try:
            yield int(tunnel.open().rpartition(":")[2])
        finally:
            tunnel.close()
    finally:
        connections.close()


@pytest.fixture
def port(
    nodes: Nodes, tmp_path: Path, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[int]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with tunnel_to(nodes, tmp_path, server) as found:
        yield found


def echo(server: socket.socket) -> None:
    """Send back to one client what it sends."""
    sock, _ = server.accept()
    with sock:
        while data := sock.recv(2**20):
            sock.sendall(data)


def test_large_data_passes_a_tunnel_in_both_directions(
    nodes: Nodes, server: socket.socket, port: int
) -> None:
    echoing = threading.Thread(target=echo, args=(server,))
    echoing.start()
    command = [*nodes[0].run, sys.executable, "-c", CLIENT, str(port), str(MANY)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    echoing.join()
    assert printed.strip() == hashlib.sha256(bytes(range(256)) * (MANY // 256)).hexdigest()


def test_client_of_a_tunnel_counts_as_one_on_another_machine(
    nodes: Nodes, server: socket.socket, port: int
) -> None:
    text = f"import socket; socket.create_connection(('localhost', {port})).recv(1)"
    with subprocess.Popen([*nodes[0].run, sys.executable, "-c", text]) as client:
        sock, _ = server.accept()
        with sock:
            origin = new_peer_processes("secret").origin(sock.getsockname(), sock.getpeername())
        client.wait()
    assert not origin.is_local
    assert origin.uid is None


def test_tunnel_to_a_closed_port_closes_the_connection(
    nodes: Nodes, server: socket.socket, port: int
) -> None:
    server.close()
    text = f"import socket; print(socket.create_connection(('localhost', {port})).recv(1))"
    command = [*nodes[0].run, sys.executable, "-c", text]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.strip() == "b''" or "ConnectionReset" in done.stderr


def test_closed_tunnel_ends_its_connections(
    nodes: Nodes, tmp_path: Path, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with tunnel_to(nodes, tmp_path, server) as port:
        text = f"import socket; socket.create_connection(('localhost', {port})).recv(1)"
        client = subprocess.Popen([*nodes[0].run, sys.executable, "-c", text])
        sock, _ = server.accept()
    with sock:
        assert sock.recv(1) == b""
    client.wait()
