"""The event loop as users get it."""

import asyncio

from application.runtime.event_loop import EventLoop


def test_function_is_run_to_completion_while_the_loop_is_not_running():
    loop = asyncio.new_event_loop()

    async def add(a, b):
        await asyncio.sleep(0)
        return a + b

    assert EventLoop(loop).run(add, 1, b=2) == 3
    assert EventLoop(loop).get_event_loop() is loop
    loop.close()


def test_function_is_scheduled_while_the_loop_runs():
    async def main():
        wrapped = EventLoop(asyncio.get_running_loop())
        assert await wrapped.run(lambda: 3) == 3
        assert await wrapped.run_in_executor(lambda x: x + 1, 1) == 2

    asyncio.run(main())


def test_timeout_calls_once_and_interval_again_and_again():
    async def main():
        wrapped = EventLoop(asyncio.get_running_loop())
        calls = []
        wrapped.timeout(lambda: calls.append("once"), 0.001)
        wrapped.interval(lambda: calls.append("again"), 0.001)
        while calls.count("again") < 3:
            await asyncio.sleep(0.001)
        wrapped.close()
        assert calls.count("once") == 1

    asyncio.run(main())
