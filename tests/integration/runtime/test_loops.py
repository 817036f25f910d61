"""Parallel loops over real workers, some of which die."""

import asyncio
import os
import signal

import pytest

import entrypoints.runtime as tasks

GUARD = 30


@tasks.tessera
class Farm:
    """Works on items, and dies if told so."""

    def square(self, x):
        return x * x

    def pid(self):
        return os.getpid()

    def die(self, code=3):
        os._exit(code)

    async def wait(self):
        await asyncio.Event().wait()


def run(main, **options):
    async def guarded(runtime):
        return await asyncio.wait_for(main(runtime), GUARD)

    return tasks.run(guarded, log_level="error", **{"num_workers": 2, **options})


def test_all_workers_take_items():
    async def main(runtime):
        farm = await Farm.remote(len=2)

        @runtime.async_for(range(20))
        async def loop(worker, i):
            return await farm.square(i, runtime=worker).result(), worker.uid

        return await loop

    results = run(main)
    assert [square for square, _ in results] == [i * i for i in range(20)]
    assert len({uid for _, uid in results}) == 2


def test_item_of_a_lost_worker_runs_again_on_another():
    async def main(runtime):
        farm = await Farm.remote(len=2)
        tried = []

        @runtime.async_for(range(6))
        async def loop(worker, i):
            tried.append(i)
            if i == 2 and tried.count(2) == 1:
                await farm.die(runtime=worker)
            return await farm.square(i, runtime=worker).result()

        return await loop, tried.count(2)

    assert run(main) == ([i * i for i in range(6)], 2)


def test_item_that_uses_its_lost_worker_only_later_runs_again():
    async def main(runtime):
        farm = await Farm.remote(len=2)
        pid = await farm.pid(runtime=runtime.workers[0]).result()
        first = runtime.workers[0]
        tried = []

        @runtime.async_for(range(1))
        async def loop(worker, i):
            tried.append(worker)
            if worker == first:
                os.kill(pid, signal.SIGKILL)
                while first.uid in runtime.get_workers():
                    await asyncio.sleep(0.01)
            return await farm.square(3, runtime=worker).result()

        results = await loop
        return results, len(tried), tried[0] == first, tried[1] == first

    assert run(main) == ([9], 2, True, False)


def test_lost_worker_fails_a_loop_that_is_not_safe():
    async def main(runtime):
        farm = await Farm.remote(len=2)

        @runtime.async_for(range(4), safe=False)
        async def loop(worker, i):
            if i == 0:
                await farm.die(7, runtime=worker)
            await farm.wait(runtime=worker)

        with pytest.raises(tasks.RuntimeDisconnectedError, match="exited with code 7") as raised:
            await loop
        return raised.value.worker.partition("@")[0], await farm[1].square(2).result()

    worker, square = run(main)
    assert worker == "worker:0:0"
    assert square == 4


def test_loop_fails_when_no_worker_is_left():
    async def main(runtime):
        farm = await Farm.remote(len=2)

        @runtime.async_for(range(6))
        async def loop(worker, i):
            await farm.die(runtime=worker)

        with pytest.raises(RuntimeError, match="No worker is left"):
            await loop

    run(main)


def test_replaced_worker_takes_items_of_the_next_loop():
    async def main(runtime):
        farm = await Farm.remote(len=2)
        with pytest.raises(tasks.RuntimeDisconnectedError):
            await farm[0].die()
        await runtime.wait_for_workers(2, timeout=GUARD)
        used = set()

        @runtime.async_for(range(8))
        async def loop(worker, i):
            used.add(worker)
            await asyncio.sleep(0)

        await loop
        return used == set(runtime.workers)

    assert run(main)


def test_newcomer_takes_items_of_a_running_loop():
    async def main(runtime):
        @runtime.async_for(range(3), newcomers=True)
        async def loop(worker, i):
            actor = Farm.remote(runtime=worker)
            if i == 0 and not lost:
                lost.append(worker)
                await actor.die()
            return await actor.square(i).result()

        lost = []
        return await loop

    assert run(main, num_workers=1) == [0, 1, 4]


def test_loop_with_newcomers_fails_when_no_worker_will_join():
    async def main(runtime):
        @runtime.async_for(range(3), newcomers=True)
        async def loop(worker, i):
            await Farm.remote(runtime=worker).die()

        with pytest.raises(RuntimeError, match="No worker is left"):
            await loop

    run(main, num_workers=1, max_worker_restarts=0)


def test_item_that_loses_four_workers_fails_the_loop():
    async def main(runtime):
        @runtime.async_for(range(1), newcomers=True)
        async def loop(worker, i):
            tried.append(worker)
            await Farm.remote(runtime=worker).die()

        tried = []
        with pytest.raises(tasks.RuntimeDisconnectedError):
            await loop
        return len(tried)

    assert run(main, num_workers=1, max_worker_restarts=9) == 4


def test_nested_loop_goes_on_after_the_loss_of_its_worker():
    async def main(runtime):
        lost = []

        @runtime.async_for(range(2))
        async def outer(worker, i):
            @runtime.async_for(range(3))
            async def inner(own, j):
                actor = Farm.remote(runtime=own)
                if (i, j) == (0, 1) and not lost:
                    lost.append(own)
                    await actor.die()
                return await actor.square(10 * i + j).result()

            return await inner

        return await outer

    assert run(main) == [[0, 1, 4], [100, 121, 144]]
