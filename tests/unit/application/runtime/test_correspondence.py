"""Requests to other processes."""

import asyncio

import pytest

from application.runtime import correspondence as module
from application.runtime.correspondence import UndeliveredError
from domain.runtime.errors import HostLost, Unreachable
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError
from tests.support.runtime_links import KILLED, Parts

WORKER = "worker:0:0@11111111"


@pytest.fixture
def parts():
    return Parts()


def request(parts):
    """Send a request."""
    return asyncio.run(parts.correspondence.request(WORKER, Message("ask")))


def test_reply_is_returned(parts):
    assert request(parts) == Message("ok")
    assert parts.link.requests == [(WORKER, Message("ask"))]


def test_loss_after_delivery_names_worker_and_reason(parts):
    parts.link.answers["ask"] = HostLost(WORKER, KILLED, perhaps_done=True)
    with pytest.raises(RuntimeDisconnectedError, match="SIGKILL") as caught:
        request(parts)
    assert not isinstance(caught.value, UndeliveredError)


@pytest.mark.parametrize("error", [HostLost(WORKER, KILLED, perhaps_done=False), Unreachable("no")])
def test_undelivered_request_is_reported_as_such(parts, error):
    parts.link.answers["ask"] = error
    with pytest.raises(UndeliveredError):
        request(parts)


def test_request_to_a_lost_process_is_not_sent(parts):
    async def main():
        parts.correspondence.lose(WORKER, KILLED)
        with pytest.raises(UndeliveredError, match="SIGKILL"):
            await parts.correspondence.request(WORKER, Message("ask"))

    asyncio.run(main())
    assert parts.link.requests == []
    assert parts.correspondence.reason(WORKER) == KILLED


def test_request_that_the_engine_does_not_end_ends_after_the_loss(parts, monkeypatch):
    monkeypatch.setattr(module, "STRAGGLERS_END", 0.0)

    async def main():
        parts.link.answers["ask"] = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(parts.correspondence.request(WORKER, Message("ask")))
        await asyncio.sleep(0)
        parts.correspondence.lose(WORKER, KILLED)
        with pytest.raises(RuntimeDisconnectedError, match="SIGKILL"):
            await waiting

    asyncio.run(main())


def test_cancellation_of_a_request_is_passed_on(parts):
    async def main():
        parts.link.answers["ask"] = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(parts.correspondence.request(WORKER, Message("ask")))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(main())
