"""Accepting connections; `test_server` tests where a server listens."""

import socket

import pytest

from adapters.io import network
from adapters.tcp.listeners import ACCEPT_PAUSE, ACCEPTED_AT_ONCE, Listeners


class ManualLoop:
    """Records what a loop is asked to watch and to call later."""

    def __init__(self):
        self.watched = {}
        self.later = []

    def watch(self, sock, callback):
        self.watched[sock] = callback

    def unwatch(self, sock):
        del self.watched[sock]

    def call_later(self, delay, callback):
        self.later.append((delay, callback))


class FakeListener:
    """Accepts what it is given; then there is nothing to accept."""

    def __init__(self):
        self.results = []
        self.is_closed = False

    def getsockname(self):
        return ("127.0.0.1", 9000)

    def accept(self):
        if not self.results:
            raise BlockingIOError
        result = self.results.pop(0)
        if isinstance(result, OSError):
            raise result
        return result

    def close(self):
        self.is_closed = True


class Bench:
    def __init__(self, listener):
        self.loop = ManualLoop()
        self.accepted = []
        self.errors = []
        self.listener = listener
        self.listeners = Listeners(
            self.loop,
            on_accepted=lambda sock, peer: self.accepted.append((sock, peer)),
            on_error=self.errors.append,
        )
        self.listeners.listen(["127.0.0.1"])

    def accept(self, *results):
        """Make the loop report that there are connections to accept."""
        self.listener.results += results
        self.loop.watched[self.listener]()


@pytest.fixture
def bench(monkeypatch):
    listener = FakeListener()
    monkeypatch.setattr(network, "listen", lambda _host, _port: listener)
    return Bench(listener)


def test_all_waiting_connections_are_accepted(bench):
    first, second = socket.socketpair()
    bench.accept((first, ("10.0.0.1", 1)), (second, b""))
    assert bench.accepted == [(first, "10.0.0.1"), (second, "this machine")]
    first.close()
    second.close()


def test_many_connections_are_accepted_in_parts(bench):
    bench.accept(*[("sock", ("10.0.0.1", 1))] * (ACCEPTED_AT_ONCE + 1))
    assert len(bench.accepted) == ACCEPTED_AT_ONCE


def test_aborted_connection_is_ignored(bench):
    bench.accept(ConnectionAbortedError())
    assert bench.errors == []
    assert bench.listener in bench.loop.watched


def test_accepting_pauses_while_too_many_files_are_open(bench):
    bench.accept(OSError(24, "Too many open files"))
    assert bench.listener not in bench.loop.watched
    ((delay, resume),) = bench.loop.later
    assert delay == ACCEPT_PAUSE
    resume()
    bench.accept(("sock", ("10.0.0.1", 1)))
    assert bench.accepted == [("sock", "10.0.0.1")]


def test_accept_error_is_reported_once_until_a_connection_is_accepted(bench):
    def fail():
        bench.accept(OSError(24, "Too many open files"))
        bench.loop.later.pop()[1]()

    fail()
    fail()
    assert bench.errors == ["could not accept a connection: [Errno 24] Too many open files"]
    bench.accept(("sock", ("10.0.0.1", 1)))
    fail()
    assert len(bench.errors) == 2


def test_sockets_are_closed(bench):
    bench.listeners.close()
    assert bench.listener.is_closed
