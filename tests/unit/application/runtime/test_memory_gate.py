"""The gate for large arguments."""

import asyncio

import pytest

from adapters.in_memory.own_process import InMemoryOwnProcess
from application.runtime.memory_gate import SMALL, MemoryGate
from domain.runtime.hosts import Capability
from domain.runtime.payloads import EngineValue, Message
from domain.runtime.task_errors import MemoryOverflowError


class Store:
    """A link to a store that can spill some bytes of a process."""

    def __init__(self, process=None, stored=0):
        self.process = process
        self.stored = stored
        self.requests = []
        self.released = []
        self.capabilities = frozenset() if process is None else {Capability.SPILLS}

    async def spill(self, nbytes):
        self.requests.append(nbytes)
        spilled = min(nbytes, self.stored)
        self.stored -= spilled
        self.process.bytes -= spilled
        return spilled

    def release(self, value):
        self.released.append(value)


class Process:
    """A process whose memory changes."""

    def __init__(self, rss, limit):
        self.bytes = rss
        self.limit = limit

    def rss(self):
        return self.bytes

    def memory_limit(self):
        return self.limit


def message(size):
    """Return a message with an argument of so many bytes."""
    return Message("call", values=(EngineValue("key", size),))


def test_arguments_that_fit_are_let_in():
    gate = MemoryGate(own_process=InMemoryOwnProcess(rss=0, limit=3 * SMALL), link=Store())

    async def main():
        async with gate.room(message(2 * SMALL), name="Counter.add"):
            return "inside"

    assert asyncio.run(main()) == "inside"


def test_arguments_that_never_fit_are_an_error():
    gate = MemoryGate(own_process=InMemoryOwnProcess(rss=SMALL, limit=2 * SMALL), link=Store())

    async def main():
        async with gate.room(message(2 * SMALL), name="Counter.add"):
            pass

    with pytest.raises(MemoryOverflowError, match=r"arguments of Counter\.add"):
        asyncio.run(main())


def test_arguments_wait_while_another_task_runs():
    gate = MemoryGate(own_process=InMemoryOwnProcess(rss=0, limit=3 * SMALL), link=Store())
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
    gate = MemoryGate(own_process=InMemoryOwnProcess(rss=10, limit=1), link=Store())

    async def main():
        async with gate.room(message(SMALL - 1), name="Counter.add"):
            return "inside"

    assert asyncio.run(main()) == "inside"


def test_stored_values_are_spilled_before_arguments_are_refused():
    process = Process(rss=3 * SMALL, limit=4 * SMALL)
    store = Store(process, stored=2 * SMALL)
    gate = MemoryGate(own_process=process, link=store)

    async def main():
        async with gate.room(message(2 * SMALL), name="Counter.add"):
            return "inside"

    assert asyncio.run(main()) == "inside"
    assert store.requests == [SMALL + 1]


def test_stored_values_are_spilled_before_arguments_wait():
    process = Process(rss=0, limit=4 * SMALL)
    store = Store(process, stored=3 * SMALL)
    gate = MemoryGate(own_process=process, link=store)

    async def main():
        async with gate.room(message(SMALL), name="first"):
            process.bytes = 3 * SMALL
            async with gate.room(message(SMALL), name="second"):
                return "inside"

    assert asyncio.run(main()) == "inside"
    assert store.requests == [SMALL + 1]


def test_arguments_that_do_not_fit_after_spilling_are_an_error():
    process = Process(rss=3 * SMALL, limit=4 * SMALL)
    store = Store(process, stored=SMALL // 2)
    gate = MemoryGate(own_process=process, link=store)
    refused = message(2 * SMALL)

    async def main():
        async with gate.room(refused, name="Counter.add"):
            pass

    with pytest.raises(MemoryOverflowError):
        asyncio.run(main())
    assert store.released == list(refused.values)
