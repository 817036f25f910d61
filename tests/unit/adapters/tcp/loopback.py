"""The other side of a connection, scripted by a test."""

import socket
import threading
from contextlib import contextmanager

from adapters.wire import greeting
from adapters.wire.frames import WORD, WORD_SIZE, word
from adapters.wire.locations import TCP, TcpAddress, format_location
from adapters.wire.reconnection import RetryPolicy
from domain.running.clients import MANAGER, UNNAMED

PATIENCE = 60.0

RETRY_ONCE = RetryPolicy(first_pause=1e9)
"""Retries once immediately and then gives up, because the next pause would be too long."""


class Scripted:
    """Accepts connections one by one, and passes each to the next function.

    Attributes:
        location: Its location.
        seen: Results of the functions.
        errors: Exceptions that they raised.
    """

    def __init__(self, *parts):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        port = self._listener.getsockname()[1]
        self.address = TcpAddress("127.0.0.1", port)
        self.location = format_location(TCP, [self.address])
        self.seen = []
        self.errors = []
        self._thread = threading.Thread(target=self._run, args=(parts,), name="scripted")
        self._thread.start()

    def finish(self):
        """Wait until all functions have returned; return their results."""
        self._thread.join(PATIENCE)
        self._listener.close()
        assert self.errors == []
        return self.seen

    def give_up(self):
        """Accept no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self._listener.close()

    def _run(self, parts):
        try:
            for part in parts:
                sock, _ = self._listener.accept()
                sock.settimeout(PATIENCE)
                with sock:
                    self.seen.append(part(sock))
        except Exception as error:  # noqa: BLE001 - the waiting thread raises it
            self.errors.append(error)


@contextmanager
def scripted(*parts):
    """Start a server with some functions; on exit, wait for them."""
    server = Scripted(*parts)
    try:
        yield server
    except BaseException:
        server.give_up()
        raise
    server.finish()


def take(sock, count):
    """Receive a number of bytes."""
    data = bytearray()
    while len(data) < count:
        more = sock.recv(count - len(data))
        assert more, f"the connection was closed after {bytes(data)!r}"
        data += more
    return bytes(data)


def take_word(sock):
    return WORD.unpack(take(sock, WORD_SIZE))[0]


def take_request(sock):
    """Receive a request of the session protocol; return its number and its bytes."""
    number, length = take_word(sock), take_word(sock)
    return number, take(sock, length)


def give(sock, response):
    """Send a response of the session protocol."""
    sock.sendall(word(len(response)) + response)


def greet(sock, secret, purpose, *, client=UNNAMED, server=MANAGER):
    """Greet a server, as our own clients do."""
    introduction = greeting.Introduction(client, server, purpose)
    hello = greeting.client_hello(b"c" * greeting.NONCE_SIZE, introduction)
    sock.sendall(hello)
    answer = take(sock, greeting.ANSWER_SIZE)
    sock.sendall(greeting.client_finish(secret, hello, answer))
