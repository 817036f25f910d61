"""Which clients without proof may open a session, and resume one."""

import os
import socket
from contextlib import contextmanager

import pytest

from adapters.in_memory.peer_processes import InMemoryPeerProcesses
from adapters.tcp.strangers import Strangers
from adapters.wire.session_server import Session
from application.interfaces.admission import Client
from domain.errors import RemoteProtocolError
from domain.running.clients import Process, Trust

PROCESS = Process(10, 1)


class Door:
    """Strangers, and connections that they are to admit."""

    def __init__(self, *, uid: "int | None" = None, trust: Trust = Trust.USER) -> None:
        self.processes = InMemoryPeerProcesses(uid=os.geteuid() if uid is None else uid)
        self.opened = 0
        self.strangers = Strangers(self._open, trust=trust)

    def _open(self) -> InMemoryPeerProcesses:
        self.opened += 1
        return self.processes

    def admit(self, session: "Session | None" = None, process: "Process | None" = PROCESS):
        with connection() as (client, server):
            if process is not None:
                self.processes.add(client.getsockname()[1], process)
            return self.strangers.admit(server, session)


@contextmanager
def connection():
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        listener.accept()[0] as server,
    ):
        yield client, server


def test_own_users_client_is_admitted_with_its_origin():
    origin = Door().admit()
    assert origin.is_local
    assert origin.uid == os.geteuid()


def test_another_users_client_is_refused():
    with pytest.raises(RemoteProtocolError, match="of the user with id 65534"):
        Door(uid=65534).admit()


def test_client_on_another_machine_is_refused_unless_the_network_is_trusted():
    with pytest.raises(RemoteProtocolError, match="--trust-network"):
        Door().admit(process=None)
    assert not Door(trust=Trust.NETWORK).admit(process=None).is_local


def test_every_client_is_refused_where_the_secret_is_required():
    door = Door()
    door.strangers.trust = Trust.SECRET
    with pytest.raises(RemoteProtocolError, match="--require-secret"):
        door.admit()


def test_processes_are_opened_once_and_for_the_first_client_only():
    door = Door()
    assert door.opened == 0
    door.admit()
    door.admit()
    assert door.opened == 1


def session_of(door: Door, process: "Process | None") -> Session:
    session = Session(7)
    session.owner.origin = door.admit()
    session.owner.process = process
    return session


def test_session_is_resumed_by_its_process():
    door = Door()
    door.admit(session_of(door, PROCESS))


def test_session_of_another_process_is_not_resumed():
    door = Door()
    session = session_of(door, PROCESS)
    with pytest.raises(RemoteProtocolError, match="belongs to another"):
        door.admit(session, Process(11, 1))


def test_session_whose_process_is_unknown_is_resumed_by_the_same_user():
    door = Door()
    door.admit(session_of(door, None), Process(11, 1))


def test_session_of_a_local_client_is_not_resumed_from_another_machine():
    door = Door(trust=Trust.NETWORK)
    session = session_of(door, PROCESS)
    with pytest.raises(RemoteProtocolError, match="belongs to another"):
        door.admit(session, None)


def test_client_of_a_unix_socket_without_proof_is_refused():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(RemoteProtocolError, match="Unix socket"):
        Door().strangers.admit(ours, None)


def client_of(door: Door, process: "Process | None" = PROCESS) -> Client:
    """Return a client of which the process is found later, if at all."""
    origin = door.admit(process=PROCESS if process is None else process)
    door.processes.add(1, PROCESS, instance="micro")
    return Client(origin=origin._replace(socket=0) if process is None else origin)


def test_program_fetches_the_messages_for_the_instance_that_it_was_started_for():
    door = Door(trust=Trust.STARTED)
    client = client_of(door)
    door.strangers.check_fetch(client, "micro")
    door.strangers.check_fetch(client, "micro")
    with pytest.raises(RemoteProtocolError, match="messages for instance 'macro', and was refused"):
        door.strangers.check_fetch(client, "macro")


def test_program_that_was_not_started_cannot_fetch_messages():
    door = Door(trust=Trust.STARTED)
    with pytest.raises(RemoteProtocolError, match="process 11 wanted to fetch"):
        door.strangers.check_fetch(client_of(door, Process(11, 1)), "micro")


@pytest.mark.parametrize("trust", [Trust.USER, Trust.NETWORK])
def test_any_program_may_fetch_messages_if_a_peer_is_started_by_hand(trust):
    door = Door(trust=trust)
    door.strangers.check_fetch(client_of(door, Process(11, 1)), "micro")


def test_program_whose_process_cannot_be_found_may_fetch_messages():
    door = Door(trust=Trust.STARTED)
    door.strangers.check_fetch(client_of(door, None), "micro")
