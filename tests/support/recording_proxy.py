"""A TCP proxy that writes down what a MUSCLE3 client and server say to each other.

It knows the frames of the transport and no more: a client sends a session number, then requests,
each a number, a length and so many bytes; the server answers each with a length and bytes. All
integers are eight bytes, little-endian.
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

Address = tuple[str, int]
Target = Callable[[], Address]
Rewriter = Callable[[bytes], bytes]

_WORD = 8


@dataclass
class RecordedSession:
    """What went over one connection, exactly.

    Attributes:
        label: What the connection is called in the recording.
        hello: The first eight bytes each way.
        exchanges: Request (number, length, bytes) and response (length, bytes), in order. The
            last response is empty when the client was cut off.
        goodbye: What the client sent after the last request: a zero, or nothing.
    """

    label: str
    hello: tuple[bytes, bytes] = (b"", b"")
    exchanges: list[tuple[bytes, bytes]] = field(default_factory=list)
    goodbye: bytes = b""


class RecordingProxy:
    """Listens on loopback and passes everything on to one server.

    Args:
        target: Tells where the server listens; called for each connection.
        label: What its connections are called.
        rewrite: Changes a request on its way to the server; what is recorded is the original.
    """

    def __init__(self, *, target: Target, label: str, rewrite: Rewriter = bytes) -> None:
        self.sessions: list[RecordedSession] = []
        self._target = target
        self._label = label
        self._rewrite = rewrite
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._relays: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, name=f"proxy of {label}", daemon=True)
        self._thread.start()

    @property
    def location(self) -> str:
        """The location at which clients find the proxy."""
        return f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Ends all connections and waits for the threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for connection in self._sockets:
            _shut_down(connection)
        for relay in self._relays:
            relay.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target())
            except OSError:
                client.close()
                continue
            self._sockets += [client, server]
            session = RecordedSession(self._label)
            self.sessions.append(session)
            relay = threading.Thread(
                target=self._relay, args=(client, server, session), daemon=True
            )
            self._relays.append(relay)
            relay.start()

    def _relay(self, client: socket.socket, server: socket.socket, to: RecordedSession) -> None:
        for connection in (client, server):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, server:
            try:
                _relay_session(client, server, to, self._rewrite)
            except (EOFError, OSError):
                return


def _relay_session(
    client: socket.socket, server: socket.socket, session: RecordedSession, rewrite: Rewriter
) -> None:
    greeting = _pass_on(client, server, _WORD)
    session.hello = (greeting, b"")
    session.hello = (greeting, _pass_on(server, client, _WORD))
    while True:
        number = _receive(client, _WORD)
        if number == bytes(_WORD):
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
    body = rewrite(request[_WORD:])
    server.sendall(number + len(body).to_bytes(_WORD, "little") + body)
    response = _receive_block(server)
    session.exchanges[-1] = (number + request, response)
    client.sendall(response)


def _receive_block(source: socket.socket) -> bytes:
    length = _receive(source, _WORD)
    return length + _receive(source, int.from_bytes(length, "little"))


def _pass_on(source: socket.socket, target: socket.socket, count: int) -> bytes:
    data = _receive(source, count)
    target.sendall(data)
    return data


def _receive(source: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = source.recv(count - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _shut_down(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
