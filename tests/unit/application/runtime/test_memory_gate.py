"""The gate for large arguments."""

import asyncio

import pytest

from adapters.in_memory.own_process import InMemoryOwnProcess
from application.runtime.memory_gate import SMALL, MemoryGate
from domain.runtime.payloads import EngineValue, Message
from domain.runtime.task_errors import MemoryOverflowError


def message(size):
    """Return a message with an argument of so many bytes."""
    return Message("call", values=(EngineValue("key", size),))


def test_arguments_that_fit_are_let_in():
    gate = MemoryGate(own_process=InMemoryOwnProcess(rss=0, limit=3 * SMALL))

    async def main():
        async with gate.room(message(2 * SMALL), name="Counter.add"):
            return "inside"

    assert asyncio.run(main()) == "inside"


def test_arguments_that_never_fit_are_an_error():
    gate = MemoryGate(own_process=InMemoryOwnProcess(rss=SMALL, limit=2 * SMALL))

    async def main():
        async with gate.room(message(2 * SMALL), name="Counter.add"):
            pass

    with pytest.raises(MemoryOverflowError, match=r"arguments of Counter\.add"):
        asyncio.run(main())


def test_arguments_wait_while_another_task_runs():
    gate = MemoryGate(own_process=InMemoryOwnProcess(rss=0, limit=3 * SMALL))
    order = []

    async def enter(name, until):
        async with gate.room(message(2 * SMALL), name=name):
            order.append(name)
            await until.wait()

    async def main():
        until = asyncio.Event()
        first = asyncio.ensure_future(enter("first", until))
        second = asyncio.ensure_future(enter("second", until))
        await asyncio.sleep(0.01)
        assert order == ["first"]
        until.set()
        await asyncio.gather(first, second)

    asyncio.run(main())
    assert order == ["first", "second"]


def test_small_arguments_are_always_let_in():
    gate = MemoryGate(own_process=InMemoryOwnProcess(rss=10, limit=1))

    async def main():
        async with gate.room(message(SMALL - 1), name="Counter.add"):
            return "inside"

    assert asyncio.run(main()) == "inside"
