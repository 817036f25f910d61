"""Parameters and real workers."""

import asyncio

import numpy as np
import pytest

import entrypoints.runtime as tasks

GUARD = 30


@tasks.tessera
class Field:
    """A large array."""

    def __init__(self, size):
        self.data = np.zeros(size)

    def add(self, x):
        self.data = self.data + x


@tasks.tessera
class Reader:
    """Uses fields on a worker."""

    def total(self, field):
        return float(field.data.sum())

    async def push(self, field, x):
        field.add(x)
        await field.push()

    async def pulled_total(self, field):
        await field.pull()
        return float(field.data.sum())

    async def create(self):
        field = Field.parameter(10)
        field.add(1)
        await field.push()
        return field


def run(main):
    async def guarded(runtime):
        return await asyncio.wait_for(main(runtime), GUARD)

    return tasks.run(guarded, num_workers=2, log_level="error")


@pytest.mark.parametrize("cached", [False, True])
def test_workers_read_and_push_a_large_parameter(cached):
    async def main(runtime):
        field = Field.parameter(100_000, cached=cached)
        readers = await Reader.remote(len=2)
        field.add(1)
        await field.push()
        totals = await readers.total(field).result()
        await readers[0].push(field, 1)
        pulled = await readers[1].pulled_total(field).result()
        await field.pull()
        return totals, pulled, float(field.data.sum())

    assert run(main) == ([100_000.0, 100_000.0], 200_000.0, 200_000.0)


def test_parameter_of_a_worker_has_its_root_beside_the_head():
    async def main(runtime):
        reader = await Reader.remote()
        field = await reader.create().result()
        return field.is_tessera, float((await field.get("data")).sum())

    assert run(main) == (True, 10.0)


def test_local_parameter_of_a_lost_worker_is_disconnected():
    @tasks.tessera
    class Owner:
        def create(self):
            self.field = Field.local_parameter(10)
            return self.field

        def die(self):
            import os

            os._exit(1)

    async def main(runtime):
        owner = await Owner.remote()
        field = await owner.create().result()
        before = field.is_proxy, float((await field.get("data")).sum())
        with pytest.raises(tasks.RuntimeDisconnectedError):
            await owner.die()
        with pytest.raises(tasks.RuntimeDisconnectedError):
            await field.pull()
        return before

    assert run(main) == (True, 0.0)
