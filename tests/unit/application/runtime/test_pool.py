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
        return [bench.pool.take() for _ in range(3)]

    assert asyncio.run(main()) == [FIRST, SECOND, FIRST]
    assert bench.pool.taken(FIRST) == 2


def test_function_waits_until_a_place_is_returned():
    bench = Bench(FIRST)

    async def main():
        for _ in range(WINDOW):
            bench.pool.take()
        waiting = bench.pool.wait()
        assert not waiting.done()
        bench.pool.release(FIRST)
        assert await waiting == FIRST

    asyncio.run(main())


def test_cancelled_waiter_gets_no_place():
    bench = Bench(FIRST)

    async def main():
        for _ in range(WINDOW):
            bench.pool.take()
        waiting = bench.pool.wait()
        waiting.cancel()
        bench.pool.release(FIRST)
        assert bench.pool.taken(FIRST) == WINDOW - 1

    asyncio.run(main())


def test_window_is_wide_while_functions_are_quick():
    bench = Bench(FIRST)
    for _ in range(WINDOW):
        bench.pool.take()
    bench.pool.release(FIRST, seconds=0.0)
    assert [bench.pool.take() for _ in range(3)] == [FIRST, FIRST, None]
    bench.pool.release(FIRST, seconds=1.0)
    assert bench.pool.take() is None


def test_new_worker_serves_those_who_wait():
    bench = Bench()
    bench.is_any_expected = True

    async def main():
        waiting = bench.pool.wait()
        bench.members.connect(SECOND)
        assert await waiting == SECOND

    asyncio.run(main())


def test_place_is_refused_without_workers():
    bench = Bench()
    assert bench.pool.take() is None
    with pytest.raises(RuntimeDisconnectedError, match="No worker is alive"):
        bench.pool.wait()


def test_waiters_end_when_the_last_worker_is_lost():
    bench = Bench(FIRST)

    async def main():
        for _ in range(WINDOW):
            bench.pool.take()
        waiting = bench.pool.wait()
        bench.members.disconnect(FIRST, KILLED)
        with pytest.raises(RuntimeDisconnectedError, match="No worker is alive"):
            await waiting

    asyncio.run(main())
