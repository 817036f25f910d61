"""Remote names of runtimes, from both sides."""

import asyncio

import pytest

from application.runtime.runtime_proxy import RuntimeProxy
from domain.runtime.payloads import Message
from tests.support.runtime_links import Parts

WORKER = "worker:0:1@22222222"


@pytest.fixture
def parts():
    made = Parts(names={"add", "fail"})
    made.connect("head", "monitor", WORKER)
    return made


def served(parts, name, **keywords):
    """Return what a peer gets for a call of a remote name."""
    payload = parts.packing.pack(keywords, name="arguments").payload
    message = Message("runtime", {"to": "monitor", "name": name}, payload)
    reply = asyncio.run(parts.reception.handle(WORKER, message))
    if reply.kind == "error":
        raise parts.packing.unpack_error(reply.payload)
    return parts.packing.unpack(reply.payload) if reply.payload.data else None


def test_remote_name_is_called_with_the_sender(parts):
    parts.comms.serve("monitor", {"add": lambda sender, a, b: (sender, a + b)})
    assert served(parts, "add", a=1, b=2) == (WORKER, 3)


def test_coroutine_function_of_a_remote_name_is_awaited(parts):
    async def add(sender, a):
        return a + 1

    parts.comms.serve("monitor", {"add": add})
    assert served(parts, "add", a=1) == 2


def test_error_of_a_remote_name_reaches_the_peer(parts):
    def fail(sender):
        raise ValueError("no")

    parts.comms.serve("monitor", {"fail": fail})
    with pytest.raises(ValueError, match="no"):
        served(parts, "fail")


@pytest.mark.parametrize("name", ["close", "__class__", "_services"])
def test_other_names_are_refused_on_both_sides(parts, name):
    parts.comms.serve("monitor", {})
    with pytest.raises(AttributeError):
        served(parts, name)
    with pytest.raises(AttributeError):
        getattr(parts.comms.proxy("monitor"), name)() if name == "close" else parts.comms.proxy(
            "monitor"
        )[name]


def test_call_with_reply_returns_the_value(parts):
    payload = parts.packing.pack(7, name="value").payload
    parts.link.answers["runtime"] = Message("ok", {}, payload)

    async def main():
        return await parts.comms.proxy("worker:0:1").add(a=1, reply=True)

    assert asyncio.run(main()) == 7
    ((host, message),) = parts.link.requests
    assert (host, message.fields["to"]) == (WORKER, "worker:0:1")


def test_call_without_reply_returns_when_it_is_sent(parts):
    async def main():
        await parts.comms.proxy("monitor")["add"](a=1)
        await asyncio.sleep(0)

    asyncio.run(main())
    assert len(parts.link.requests) == 1


def test_error_of_call_without_reply_is_logged_with_worker_and_method(parts):
    error = parts.packing.pack_error(ValueError("no"))
    parts.link.answers["runtime"] = Message("error", {}, error)

    async def main():
        await parts.comms.proxy("worker:0:1").fail()
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(main())
    assert parts.written == [("error", "head", f"{WORKER}: fail() failed: ValueError: no")]


def test_proxy_of_a_member_is_always_the_same(parts):
    assert parts.comms.proxy("worker:0:1") is parts.comms.proxy(WORKER)
    parts.comms.remove(WORKER)
    other = RuntimeProxy(uid=WORKER)
    assert parts.comms.registered(WORKER, other) is other


def test_address_of_an_unknown_peer_is_a_key_error(parts):
    assert parts.comms.uid_address(WORKER) == "localhost"
    assert parts.comms.uid_port(WORKER) == 0
    with pytest.raises(KeyError):
        parts.comms.uid_address("worker:0:7")
