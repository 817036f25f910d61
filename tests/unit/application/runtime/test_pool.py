"""Places at workers for free functions."""

import asyncio

import pytest

from application.runtime.pool import WINDOW, Pool
from domain.runtime.task_errors import RuntimeDisconnectedError
from tests.support.runtime_links import KILLED, Parts

FIRST, SECOND = "worker:0:0@11111111", "worker:0:1@22222222"


class Bench:
    """A pool, and its workers."""

    def __init__(self, *workers):
        parts = Parts()
        parts.connect(*workers)
        self.members = parts.members
        self.is_any_expected = False
        self.pool = Pool(members=self.members, is_any_expected=lambda: self.is_any_expected)


def test_worker_with_the_fewest_taken_places_is_lent():
    bench = Bench(FIRST, SECOND)

    async def main():
        return [await bench.pool.acquire() for _ in range(3)]

    assert asyncio.run(main()) == [FIRST, SECOND, FIRST]
    assert bench.pool.taken(FIRST) == 2


def test_function_waits_until_a_place_is_returned():
    bench = Bench(FIRST)

    async def main():
        for _ in range(WINDOW):
            await bench.pool.acquire()
        waiting = asyncio.ensure_future(bench.pool.acquire())
        await asyncio.sleep(0)
        assert not waiting.done()
        bench.pool.release(FIRST)
        assert await waiting == FIRST

    asyncio.run(main())


def test_place_that_a_cancelled_waiter_got_is_returned():
    bench = Bench(FIRST)

    async def main():
        for _ in range(WINDOW):
            await bench.pool.acquire()
        waiting = asyncio.ensure_future(bench.pool.acquire())
        await asyncio.sleep(0)
        bench.pool.release(FIRST)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert bench.pool.taken(FIRST) == WINDOW - 1

    asyncio.run(main())


def test_new_worker_serves_those_who_wait():
    bench = Bench()
    bench.is_any_expected = True

    async def main():
        waiting = asyncio.ensure_future(bench.pool.acquire())
        await asyncio.sleep(0)
        bench.members.connect(SECOND)
        assert await waiting == SECOND

    asyncio.run(main())


def test_place_is_refused_without_workers():
    with pytest.raises(RuntimeDisconnectedError, match="No worker is alive"):
        asyncio.run(Bench().pool.acquire())


def test_waiters_end_when_the_last_worker_is_lost():
    bench = Bench(FIRST)

    async def main():
        for _ in range(WINDOW):
            await bench.pool.acquire()
        waiting = asyncio.ensure_future(bench.pool.acquire())
        await asyncio.sleep(0)
        bench.members.disconnect(FIRST, KILLED)
        with pytest.raises(RuntimeDisconnectedError, match="No worker is alive"):
            await waiting

    asyncio.run(main())
