"""What a server is told of the connections of its sessions."""

import socket
from collections.abc import Iterator

import pytest

from adapters.io.event_loop import EventLoop
from adapters.tcp.server import Server
from adapters.wire.frames import word
from tests.support.conditions import wait_until


class Watched:
    """A server that answers everything with `ok`, and notes who comes and goes."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self._server = Server(
            lambda _request, reply: reply([b"ok"]),
            loop=EventLoop("watched"),
            max_request=100,
            on_connected=lambda session: self.seen.append(("connected", session.id)),
            on_disconnected=lambda session: self.seen.append(("disconnected", session.id)),
        )
        self._port = self._server.listen(["127.0.0.1"])[0].port
        self._server.start()

    def client(self, session: int) -> socket.socket:
        """Begin or resume a session, and make the request that is its first."""
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        sock.sendall(word(session) + word(1) + word(2) + b"do")
        assert sock.recv(26, socket.MSG_WAITALL)[-2:] == b"ok"
        return sock

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def watched() -> Iterator[Watched]:
    server = Watched()
    yield server
    server.close()


def test_a_session_comes_goes_and_comes_back(watched: Watched):
    watched.client(0).close()
    wait_until(lambda: len(watched.seen) == 2)
    with watched.client(1):
        assert watched.seen == [("connected", 1), ("disconnected", 1), ("connected", 1)]


def test_a_session_with_another_connection_is_not_lost(watched: Watched):
    old = watched.client(0)
    with watched.client(1) as new:
        old.close()
        with watched.client(0):
            new.sendall(word(0))
            wait_until(lambda: len(watched.seen) == 3)
            assert watched.seen == [("connected", 1), ("connected", 2), ("disconnected", 1)]


def test_sessions_do_not_count_as_lost_when_the_server_is_closed(watched: Watched):
    with watched.client(0):
        watched.close()
    assert watched.seen == [("connected", 1)]
