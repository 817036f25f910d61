"""Measures the task runtime of Conjoin; `farm_dask` and `farm_ray` do the same there."""

import asyncio
import os

import farm_meter as meter
from farm_meter import Clock

BEGIN = Clock().__enter__()
from entrypoints.runtime import run, tessera  # noqa: E402

WITHOUT_IMPORT = Clock().__enter__()


@tessera
class Actor:
    def pid(self):
        return os.getpid()

    def empty(self):
        pass

    def take(self, array):
        return array.nbytes

    def make(self):
        self.array = meter.new_array()

    def give(self):
        return self.array

    def hold(self, array):
        self.held = array
        return array.sum()

    def let_go(self):
        self.held = None


def small(x):
    return x


async def main(runtime):
    actors = [await Actor.remote(runtime=worker) for worker in runtime.workers]
    await asyncio.gather(*(actor.pid().result() for actor in actors))
    WITHOUT_IMPORT.__exit__()
    BEGIN.__exit__()
    if meter.is_growth():
        return {"growth": await growth(runtime)}
    results = {"start": WITHOUT_IMPORT.seconds, "start_with_import": BEGIN.seconds}
    results |= meter.idle()
    results["memory_per_byte"] = await memory_per_byte(runtime, actors)
    results |= await calls(runtime, actors)
    results |= await arrays(runtime, actors)
    return results


async def calls(runtime, actors):
    results = {}
    for _ in range(50):
        await actors[0].empty().result()
    with Clock() as clock:
        for _ in range(meter.TRIPS):
            await actors[0].empty().result()
    results["round_trip"] = clock.seconds / meter.TRIPS

    with Clock() as clock:
        calls = [actors[n % 2].empty().result() for n in range(meter.IN_FLIGHT)]
        await asyncio.gather(*calls)
    results["call"] = clock.seconds / meter.IN_FLIGHT

    await batch_of_tasks(runtime, 100)
    with Clock() as clock:
        await batch_of_tasks(runtime, meter.IN_FLIGHT)
    results["task"] = clock.seconds / meter.IN_FLIGHT

    farm = await Actor.remote(len=runtime.num_workers)

    @runtime.async_for(range(meter.ITEMS))
    async def loop(worker, _item):
        await farm.empty(runtime=worker).result()

    with Clock() as clock:
        await loop
    results["item"] = clock.seconds / meter.ITEMS
    return results


async def batch_of_tasks(runtime, count):
    await asyncio.gather(*(runtime.submit(small, n).result() for n in range(count)))


async def arrays(runtime, actors):
    array = meter.new_array()
    seconds = {"put": [], "get": [], "argument": [], "result": []}
    for repetition in range(meter.REPETITIONS + 1):
        with Clock() as put:
            reference = await runtime.put(array, reply=True)
        with Clock() as get:
            received = await runtime.get(reference.uid)
        del received
        await runtime.drop(reference.uid)
        del reference
        with Clock() as argument:
            await actors[0].take(array).result()
        await actors[0].make().result()
        with Clock() as result:
            received = await actors[0].give().result()
        assert received.nbytes == meter.ARRAY_BYTES
        del received
        # memory that was released by a message is used again
        await actors[0].empty().result()
        if repetition:
            for name, clock in zip(seconds, (put, get, argument, result), strict=True):
                seconds[name].append(clock.seconds)
    return {name: min(values) for name, values in seconds.items()}


async def memory_per_byte(runtime, actors):
    await actors[0].hold(meter.new_array(8 * 2**10)).result()
    await actors[1].hold(meter.new_array(8 * 2**10)).result()
    before = meter.memory_of_all()
    reference = await runtime.put(meter.new_array(meter.HELD_BYTES), reply=True)
    for actor in actors:
        await actor.hold(reference).result()
    held = meter.memory_of_all() - before
    for actor in actors:
        await actor.let_go().result()
    return held / meter.HELD_BYTES


async def growth(runtime):
    for _ in range(meter.WARM_UP):
        await batch_of_tasks(runtime, meter.BATCH)
    before = meter.memory_of_all()
    for _ in range(meter.TASKS // meter.BATCH):
        await batch_of_tasks(runtime, meter.BATCH)
    return meter.memory_of_all() - before


meter.report(run(main, num_workers=meter.WORKERS, num_threads=1, log_level="error"))
