"""Calls to the thread of the event loop."""

import asyncio
import gc

from application.runtime.loop_calls import LoopCalls


class Item:
    """Something to be collected."""


def test_calls_of_other_threads_run_on_the_loop():
    async def main():
        calls, called = LoopCalls(), []
        loop = asyncio.get_running_loop()
        calls.open(loop)
        assert calls.is_own_thread
        await loop.run_in_executor(None, calls.soon, lambda: called.append(calls.is_own_thread))
        while not called:
            await asyncio.sleep(0)
        assert called == [True]

    asyncio.run(main())


def test_call_is_made_when_an_object_is_gone():
    async def main():
        calls, called = LoopCalls(), []
        calls.open(asyncio.get_running_loop())
        item = Item()
        calls.when_gone(item, lambda: called.append("gone"))
        await asyncio.sleep(0)
        assert called == []
        del item
        gc.collect()
        await asyncio.sleep(0.001)
        assert called == ["gone"]

    asyncio.run(main())


def test_call_after_the_loop_is_closed_is_dropped():
    calls, called = LoopCalls(), []
    loop = asyncio.new_event_loop()
    calls.open(loop)
    loop.close()
    calls.soon(lambda: called.append(1))
    assert called == []
    assert not calls.is_own_thread
