"""Which user and process a connection belongs to."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from adapters.in_memory.peer_processes import InMemoryPeerProcesses
from adapters.processes.peer_processes import AssumedPeerProcesses, LinuxPeerProcesses
from application.interfaces.peer_processes import PeerProcesses
from domain.running.clients import STARTED_FOR, Origin, Process

SECRET = "a secret of this test"
OWN = ("127.0.0.1", 9000)
FAR = ("192.0.2.1", 4711)

CONNECT = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))):
    sys.stdin.read()
"""


@dataclass
class Connected:
    """A client that is connected, and was started for instance 'macro'.

    Attributes:
        processes: The object to test.
        own: Address of the server's end.
        peer: Address of the client's end.
        pid: Process id of the client.
    """

    processes: PeerProcesses
    own: tuple[str, int]
    peer: tuple[str, int]
    pid: int

    @property
    def origin(self) -> Origin:
        return self.processes.origin(self.own, self.peer)


class PeerProcessesContract:
    """What callers may rely on."""

    def test_local_client_belongs_to_its_user(self, client: Connected):
        origin = client.origin
        assert origin.is_local
        assert origin.host == "127.0.0.1"
        assert origin.uid == os.geteuid()

    def test_client_on_another_machine_has_no_user_and_no_process(self, client: Connected):
        origin = client.processes.origin(client.own, FAR)
        assert not origin.is_local
        assert origin.uid is None
        assert client.processes.process_of(origin, instance="macro") is None

    def test_process_holds_the_connection(self, client: Connected):
        process = client.processes.process_of(client.origin, instance="macro")
        assert process is not None
        assert client.processes.is_held_by(client.origin, process)

    def test_process_was_started_for_its_instance(self, client: Connected):
        process = client.processes.process_of(client.origin, instance="macro")
        assert process is not None
        assert client.processes.was_started_for(process, "macro")


class ExactPeerProcessesContract(PeerProcessesContract):
    """Those that really know the process."""

    def test_process_is_found_whatever_instance_it_claims_to_be(self, client: Connected):
        for instance in ("micro", "macro"):
            process = client.processes.process_of(client.origin, instance=instance)
            assert process is not None
            assert process.pid == client.pid

    def test_process_was_not_started_for_another_instance(self, client: Connected):
        process = client.processes.process_of(client.origin, instance="micro")
        assert process is not None
        assert not client.processes.was_started_for(process, "micro")

    def test_another_process_does_not_hold_the_connection(self, client: Connected):
        assert not client.processes.is_held_by(client.origin, Process(os.getpid(), 0))


class TestInMemoryPeerProcesses(ExactPeerProcessesContract):
    @pytest.fixture
    def client(self) -> Connected:
        processes = InMemoryPeerProcesses(uid=os.geteuid())
        processes.add(5, Process(77, 1), instance="macro")
        return Connected(processes, OWN, ("127.0.0.1", 5), 77)


class TestAssumedPeerProcesses(PeerProcessesContract):
    @pytest.fixture
    def client(self) -> Connected:
        return Connected(AssumedPeerProcesses(), OWN, ("127.0.0.1", 5), 77)


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's procfs")
class TestLinuxPeerProcesses(ExactPeerProcessesContract):
    @pytest.fixture
    def client(self) -> Iterator[Connected]:
        with ExitStack() as stack:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", CONNECT, str(listener.getsockname()[1])],
                    stdin=subprocess.PIPE,
                    env={**os.environ, "CONJOIN_SECRET": SECRET, STARTED_FOR: "macro"},
                )
            )
            assert process.stdin is not None
            stack.callback(process.stdin.close)
            server, peer = listener.accept()
            stack.enter_context(server)
            yield Connected(LinuxPeerProcesses(SECRET), server.getsockname(), peer, process.pid)
