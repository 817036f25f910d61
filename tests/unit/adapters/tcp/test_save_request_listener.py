"""An instance's line on which the manager asks for a snapshot."""

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


class Asker:
    """A manager that keeps the question, and answers when it is told to."""

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
def asker(port: int) -> Iterator[Asker]:
    asker = Asker(port)
    yield asker
    asker.server.close()


def session(asker: Asker, **options: Any) -> SessionClient:
    return SessionClient([asker.location], secret=SECRET, **options)


def test_the_reason_arrives(asker: Asker):
    reasons: list[str] = []
    line = SaveRequestListener("macro", session(asker), reasons.append)
    asker.answer(pack([Status.SUCCESS, "the time is over"]))
    wait_until(lambda: reasons == ["the time is over"])
    line.close()


def test_a_refusal_is_no_request(asker: Asker):
    line = SaveRequestListener("macro", session(asker), pytest.fail)
    asker.answer(encode_error("who are you?"))
    line.close()


def test_it_can_be_closed_while_it_waits_and_its_thread_ends(asker: Asker):
    line = SaveRequestListener("macro", session(asker), pytest.fail)
    wait_until(lambda: bool(asker.replies))
    line.close()
    line.close()
    assert not [t for t in threading.enumerate() if t.name == "conjoin-checkpoints-macro"]


def test_a_manager_that_is_gone_is_no_request(asker: Asker):
    connection = session(asker, retries=RETRY_ONCE)
    line = SaveRequestListener("macro", connection, pytest.fail)
    wait_until(lambda: bool(asker.replies))
    asker.server.close()
    wait_until(
        lambda: not [t for t in threading.enumerate() if t.name == "conjoin-checkpoints-macro"]
    )
    line.close()
