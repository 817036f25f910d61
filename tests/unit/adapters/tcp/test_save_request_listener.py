"""Listening for the manager's request to make a snapshot."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.io.event_loop import EventLoop
from adapters.tcp.save_request_listener import SaveRequestListener
from adapters.tcp.server import Reply, Server
from adapters.tcp.session_client import SessionClient
from adapters.wire.locations import TCP, format_location
from adapters.wire.packing import pack
from adapters.wire.requests import Status, encode_error
from tests.support.conditions import wait_until
from tests.support.ports import HOST
from tests.unit.adapters.tcp.loopback import RETRY_ONCE

SECRET = "the secret"


class Manager:
    """A manager that answers the request when a test calls `answer`."""

    def __init__(self, port: int) -> None:
        self.replies: list[Reply] = []
        self.server = Server(
            lambda _, reply: self.replies.append(reply),
            loop=EventLoop("a manager"),
            max_request=2**20,
            secret=SECRET,
        )
        self.location = format_location(TCP, self.server.listen([HOST], port=port))
        self.server.start()

    def answer(self, response: bytes) -> None:
        wait_until(lambda: bool(self.replies))
        reply = self.replies.pop()
        self.server.loop.call_soon(lambda: reply([response]))


@pytest.fixture
def manager(port: int) -> Iterator[Manager]:
    manager = Manager(port)
    yield manager
    manager.server.close()


def session(manager: Manager, **options: Any) -> SessionClient:
    return SessionClient([manager.location], secret=SECRET, **options)


def test_callback_gets_the_reason(manager: Manager):
    reasons: list[str] = []
    listener = SaveRequestListener("macro", session(manager), reasons.append)
    manager.answer(pack([Status.SUCCESS, "the time is over"]))
    wait_until(lambda: reasons == ["the time is over"])
    listener.close()


def test_error_response_is_not_a_request(manager: Manager):
    listener = SaveRequestListener("macro", session(manager), pytest.fail)
    manager.answer(encode_error("who are you?"))
    listener.close()


def test_close_ends_the_waiting_thread_and_is_idempotent(manager: Manager):
    listener = SaveRequestListener("macro", session(manager), pytest.fail)
    wait_until(lambda: bool(manager.replies))
    listener.close()
    listener.close()
    assert not [t for t in threading.enumerate() if t.name == "conjoin-checkpoints-macro"]


def test_lost_manager_is_not_a_request(manager: Manager):
    connection = session(manager, retries=RETRY_ONCE)
    listener = SaveRequestListener("macro", connection, pytest.fail)
    wait_until(lambda: bool(manager.replies))
    manager.server.close()
    wait_until(
        lambda: not [t for t in threading.enumerate() if t.name == "conjoin-checkpoints-macro"]
    )
    listener.close()
