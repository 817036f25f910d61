"""Untrusted connections: their number, and how long they may be mute."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.tcp.untrusted_clients import UntrustedClients
from adapters.wire.frames import word
from adapters.wire.session_server import ServerConnection, SessionTable


class Client:
    def __init__(self, table):
        self.connection = ServerConnection(table, max_request=1000)

    def send(self, clients, data):
        if self.connection.received(data) or self.connection.session is not None:
            clients.note_progress(self)


@pytest.fixture
def dropped():
    return []


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def look(clock):
    return lambda: clock.advance(5.0)


@pytest.fixture
def clients(dropped, clock):
    return UntrustedClients(
        limit=3,
        patience=10.0,
        scheduler=clock,
        drop=lambda client, _reason: dropped.append(client),
    )


@pytest.fixture
def make(clients):
    table = SessionTable()

    def connect():
        client = Client(table)
        clients.add(client)
        return client

    return connect


def test_oldest_mute_client_is_dropped_first_when_there_are_too_many(clients, make, dropped):
    greeted, first, second = make(), make(), make()
    greeted.send(clients, word(0))
    make()
    assert dropped == [first]
    make()
    assert dropped == [first, second]


def test_oldest_client_without_trust_is_dropped_if_all_have_greeted(clients, make, dropped):
    greeted = [make() for _ in range(3)]
    for client in greeted:
        client.send(clients, word(0))
    newest = make()
    newest.send(clients, word(0))
    # the newest was the only mute one, so it had to go
    assert dropped == [newest]


def test_trusted_client_is_never_dropped(clients, make, dropped, look):
    trusted = [make() for _ in range(3)]
    for client in trusted:
        client.send(clients, word(0))
        client.connection.session.client = "micro"
        clients.note_progress(client)
    mute = make()
    assert dropped == []
    look()
    look()
    assert dropped == [mute]
    assert len(clients) == 0


def test_mute_client_is_dropped_at_the_second_look(clients, make, dropped, look):
    mute = make()
    look()
    assert dropped == []
    look()
    assert dropped == [mute]


def test_half_a_request_is_dropped_at_the_second_look(clients, make, dropped, look):
    client = make()
    client.send(clients, word(0) + word(1) + word(100) + b"half")
    look()
    look()
    assert dropped == [client]


def test_client_that_completes_requests_between_looks_is_kept(clients, make, dropped, look):
    client = make()
    client.send(clients, word(0))
    for number in (1, 2, 3):
        client.send(clients, word(number) + word(4) + b"ha")
        look()
        client.send(clients, b"lf")
        client.connection.session.finish([b""])
    assert dropped == []


def test_client_that_waits_between_requests_is_kept(clients, make, dropped, look):
    client = make()
    client.send(clients, word(0))
    for _ in range(3):
        look()
    assert dropped == []


def test_closed_connection_is_forgotten(clients, make, dropped):
    client = make()
    clients.remove(client)
    clients.remove(client)
    assert (len(clients), clients.make_room(), dropped) == (0, False, [])
