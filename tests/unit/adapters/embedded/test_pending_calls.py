import asyncio

import pytest

from adapters.embedded.pending_calls import PendingCalls
from domain.runtime.errors import EngineError, HostLost
from domain.runtime.hosts import LossKind, LossReason

REASON = LossReason(LossKind.UNKNOWN, "is gone")


def run(test):
    asyncio.run(test(PendingCalls()))


def test_reply_is_accepted_once_and_from_its_host_only():
    async def test(calls):
        number, future = calls.begin("a")
        assert calls.take(number, "b") is None
        assert calls.take(number, "a") is future
        assert calls.take(number, "a") is None

    run(test)


def test_reply_to_a_dropped_or_cancelled_call_is_ignored():
    async def test(calls):
        dropped, _ = calls.begin("a")
        calls.drop(dropped)
        cancelled, future = calls.begin("a")
        future.cancel()
        assert calls.take(dropped, "a") is None
        assert calls.take(cancelled, "a") is None

    run(test)


def test_loss_of_a_host_ends_its_calls_only():
    async def test(calls):
        _, lost = calls.begin("a")
        _, other = calls.begin("b")
        calls.host_lost("a", REASON)
        with pytest.raises(HostLost) as caught:
            await lost
        assert caught.value.perhaps_done
        assert not other.done()

    run(test)


def test_all_calls_can_be_ended_with_an_error():
    async def test(calls):
        _, future = calls.begin("a")
        calls.fail_all(EngineError("closed"))
        with pytest.raises(EngineError, match="closed"):
            await future

    run(test)
