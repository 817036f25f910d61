"""A TCP proxy that records the traffic between a MUSCLE3 client and server.

It knows only the frames of the transport: a client sends a session number, then requests,
each a number, a length and that many bytes; the server answers each with a length and bytes. All
integers are eight bytes, little-endian.
"""

import socket
from dataclasses import dataclass, field

from tests.support.proxy import WORD, Proxy, Rewriter, Target, receive


@dataclass
class RecordedSession:
    """The exact traffic of one connection.

    Attributes:
        label: Name of the connection in the recording.
        hello: The first eight bytes in each direction.
        exchanges: Request (number, length, bytes) and response (length, bytes), in order. The
            last response is empty when the client was cut off.
        goodbye: Bytes of the client after the last request: a zero, or nothing.
    """

    label: str
    hello: tuple[bytes, bytes] = (b"", b"")
    exchanges: list[tuple[bytes, bytes]] = field(default_factory=list)
    goodbye: bytes = b""


class RecordingProxy(Proxy):
    """Forwards everything to one server, and records it.

    Args:
        target: Returns the server's address; called for each connection.
        label: Name of its connections.
        rewrite: Changes a request on its way to the server; the original is recorded.
    """

    def __init__(self, *, target: Target, label: str, rewrite: Rewriter = bytes) -> None:
        self.sessions: list[RecordedSession] = []
        self._label = label
        self._rewrite = rewrite
        super().__init__(target, name=f"proxy of {label}")

    def relay(self, client: socket.socket, server: socket.socket) -> None:
        session = RecordedSession(self._label)
        self.sessions.append(session)
        _relay_session(client, server, session, self._rewrite)


def _relay_session(
    client: socket.socket, server: socket.socket, session: RecordedSession, rewrite: Rewriter
) -> None:
    greeting = _pass_on(client, server, WORD)
    session.hello = (greeting, b"")
    session.hello = (greeting, _pass_on(server, client, WORD))
    while True:
        number = receive(client, WORD)
        if number == bytes(WORD):
            session.goodbye = number
            server.sendall(number)
            return
        _relay_exchange(number, client, server, session, rewrite)


def _relay_exchange(
    number: bytes,
    client: socket.socket,
    server: socket.socket,
    session: RecordedSession,
    rewrite: Rewriter,
) -> None:
    request = _receive_block(client)
    session.exchanges.append((number + request, b""))
    body = rewrite(request[WORD:])
    server.sendall(number + len(body).to_bytes(WORD, "little") + body)
    response = _receive_block(server)
    session.exchanges[-1] = (number + request, response)
    client.sendall(response)


def _receive_block(source: socket.socket) -> bytes:
    length = receive(source, WORD)
    return length + receive(source, int.from_bytes(length, "little"))


def _pass_on(source: socket.socket, target: socket.socket, count: int) -> bytes:
    data = receive(source, count)
    target.sendall(data)
    return data
