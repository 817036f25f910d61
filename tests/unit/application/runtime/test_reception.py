"""Requests that arrive."""

import asyncio

import pytest

from application.runtime.reception import OK
from domain.runtime.payloads import Message
from tests.support.runtime_links import Parts


@pytest.fixture
def parts():
    return Parts()


def serve(parts, message):
    """Return the error of the reply, or the reply."""
    reply = asyncio.run(parts.reception.handle("worker:0:1", message))
    if reply.kind != "error":
        return reply
    return str(parts.packing.unpack_error(reply.payload))


@pytest.fixture
def served(parts):
    requests = []

    async def service(sender, message):
        requests.append((sender, message.fields))
        return OK

    parts.reception.add("ask", {"uid": (str,), "limit": (int, type(None))}, service)
    return requests


@pytest.mark.parametrize("fields", [{"uid": "a", "limit": 3}, {"uid": "a"}])
def test_request_reaches_its_service(parts, served, fields):
    assert serve(parts, Message("ask", fields)) == OK
    assert served == [("worker:0:1", fields)]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "'uid' has a wrong type"),
        ({"uid": 3}, "'uid' has a wrong type"),
        ({"uid": "a", "limit": "b"}, "'limit' has a wrong type"),
        ({"uid": "a", "limit": 1, "more": 1}, "'more' is unknown"),
    ],
)
def test_malformed_request_is_refused_before_its_service(parts, served, fields, text):
    assert text in serve(parts, Message("ask", fields))
    assert served == []


def test_unknown_kind_of_request_is_refused(parts):
    assert "'run-anything' from worker:0:1 is not supported" in serve(
        parts, Message("run-anything")
    )


def test_error_of_a_service_is_the_reply(parts):
    async def fail(sender, message):
        raise KeyError("missing")

    parts.reception.add("ask", {}, fail)
    assert "missing" in serve(parts, Message("ask"))
