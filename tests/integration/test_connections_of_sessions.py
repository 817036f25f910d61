"""How a server reports the connections of its sessions."""

import socket
from collections.abc import Iterator

import pytest

from adapters.io.event_loop import EventLoop
from adapters.tcp.server import Server
from adapters.tcp.session_client import receive_exactly
from adapters.wire.frames import word
from tests.support.conditions import wait_until


class Watched:
    """A server that answers every request with `ok`, and records connections and disconnections."""

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

    def client(self, session: int = 0) -> tuple[socket.socket, int]:
        """Begin or resume a session, and send its first request.

        Returns:
            The connection, and the id of the session.
        """
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        sock.sendall(word(session) + word(1) + word(2) + b"do")
        answer = bytes(receive_exactly(sock, 18))
        assert answer[8:] == word(2) + b"ok"
        return sock, int.from_bytes(answer[:8], "little")

    def refuses(self, session: int) -> bool:
        """Whether the server closes the connection of a client that resumes a session."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as sock:
            sock.sendall(word(session))
            return sock.recv(1) == b""

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def watched() -> Iterator[Watched]:
    server = Watched()
    yield server
    server.close()


def test_connection_and_reconnection_of_a_session_are_reported(watched: Watched):
    sock, session = watched.client()
    sock.close()
    wait_until(lambda: len(watched.seen) == 2)
    with watched.client(session)[0]:
        assert watched.seen == [
            ("connected", session),
            ("disconnected", session),
            ("connected", session),
        ]


def test_session_with_a_second_connection_is_not_reported_as_lost(watched: Watched):
    old, session = watched.client()
    with watched.client(session)[0] as new:
        old.close()
        other_sock, other = watched.client()
        with other_sock:
            new.sendall(word(0))
            wait_until(lambda: len(watched.seen) == 3)
            assert watched.seen == [
                ("connected", session),
                ("connected", other),
                ("disconnected", session),
            ]


def test_closing_the_server_does_not_report_sessions_as_lost(watched: Watched):
    sock, session = watched.client()
    with sock:
        watched.close()
    assert watched.seen == [("connected", session)]


def test_stale_client_of_another_server_cannot_take_over_a_session(watched: Watched):
    earlier = Watched()
    stale_sock, stale = earlier.client()
    stale_sock.close()
    earlier.close()
    sock, session = watched.client()
    with sock:
        for refused in (stale, 1, 2, 3):
            assert watched.refuses(refused)
        sock.sendall(word(2) + word(2) + b"do")
        assert receive_exactly(sock, 10) == word(2) + b"ok"
    assert watched.seen[0] == ("connected", session)
    assert {seen for _, seen in watched.seen} == {session}
