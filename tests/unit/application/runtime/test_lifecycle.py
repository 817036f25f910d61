"""Start and end of a runtime."""

import asyncio

import pytest

from application.runtime.lifecycle import Lifecycle
from tests.support.runtime_links import ScriptedLink


def lifecycle(end=None):
    """Return a lifecycle."""
    return Lifecycle(link=ScriptedLink(), end=end, zmq_context=lambda: "context")


def test_second_stop_does_nothing():
    ended = []

    async def end():
        ended.append(1)

    async def main():
        service = lifecycle(end)
        await service.stop()
        await service.stop("worker:0:1")

    asyncio.run(main())
    assert ended == [1]


def test_wait_on_the_thread_of_the_loop_is_an_error():
    async def main():
        lifecycle().wait()
        with pytest.raises(RuntimeError, match="block the event loop"):
            lifecycle().wait(True)

    asyncio.run(main())


def test_wait_blocks_another_thread_until_the_runtime_has_stopped():
    async def main():
        service = lifecycle()
        loop = asyncio.get_running_loop()
        assert service.get_event_loop().get_event_loop() is loop
        waiting = loop.run_in_executor(None, service.wait, True)
        await asyncio.sleep(0.01)
        assert not waiting.done()
        service.has_stopped()
        await waiting
        await loop.run_in_executor(None, service.wait, True)

    asyncio.run(main())


def test_argument_of_the_event_loop_counts_at_the_first_call_only():
    loop, other = asyncio.new_event_loop(), asyncio.new_event_loop()
    service = lifecycle()
    assert service.get_event_loop(loop).get_event_loop() is loop
    assert service.get_event_loop(other).get_event_loop() is loop
    loop.close()
    other.close()


def test_context_of_zeromq_is_that_of_the_process():
    assert lifecycle().get_zmq_context() == "context"
