"""Stored values: references, copies, lifetimes."""

import asyncio
import gc

import numpy as np
import pytest

from tests.support.runtime_actors import Box, Counter
from tests.support.runtimes import run_inline, run_on

LARGE = 100_000


def test_reference_uid_and_task_give_the_same_value():
    async def main(runtime):
        reference = await runtime.put([1, 2], reply=True)
        for value in (
            await reference,
            await reference.value(),
            await reference.result(),
            await runtime.get(reference.uid),
        ):
            assert value == [1, 2]
        assert await reference.size() > 0
        assert reference.state == "done"
        task = runtime.submit(sum, reference)
        assert await runtime.get(task) == 3

    run_inline(main)


def test_later_changes_of_an_object_are_not_stored():
    async def main(runtime):
        array = np.zeros(LARGE)
        reference = await runtime.put(array)
        array[0] = 1
        assert (await reference)[0] == 0

    run_inline(main)


@pytest.mark.parametrize("engine", ["inline", "embedded"])
def test_stored_array_is_read_only_and_its_private_copy_is_not(engine):
    async def main(runtime):
        reference = await runtime.put(np.zeros(LARGE), reply=True)
        shared = await reference
        assert not shared.flags.writeable
        private = await runtime.get(reference, cache=False)
        private[0] = 1
        assert shared[0] == 0

    run_on(engine, main)


@pytest.mark.parametrize("engine", ["inline", "embedded"])
def test_large_results_and_references_reach_other_workers(engine):
    async def main(runtime):
        first, second = [await Counter.remote(runtime=worker) for worker in runtime.workers]
        reference = await runtime.put(np.ones(LARGE))
        array = first.same(reference)
        assert float((await second.same(array).result()).sum()) == LARGE
        assert await second.type_of(Box(reference)).result() == "Box"

    run_on(engine, main)


def test_dropped_value_is_a_key_error_everywhere():
    async def main(runtime):
        reference = await runtime.put([1], reply=True)
        actor = await Counter.remote()
        await reference.drop()
        with pytest.raises(KeyError):
            await reference
        with pytest.raises(KeyError):
            await runtime.get(reference.uid)
        with pytest.raises(KeyError):
            await actor.result_of(Box(reference))

    run_inline(main)


@pytest.mark.parametrize("uid", ["nothing", "value:10:nothing"])
def test_unknown_uid_is_a_key_error_at_once(uid):
    async def main(runtime):
        with pytest.raises(KeyError):
            await runtime.get(uid)
        await runtime.drop(uid)

    run_inline(main)


def test_value_is_freed_when_its_last_reference_goes():
    async def main(runtime):
        reference = await runtime.put(np.zeros(LARGE), reply=True)
        uid = reference.uid
        del reference
        gc.collect()
        while True:
            try:
                await runtime.get(uid)
            except KeyError:
                return
            await asyncio.sleep(0.01)

    run_inline(main)


def test_reference_that_a_worker_holds_keeps_the_value():
    async def main(runtime):
        actor = await Counter.remote()
        reference = await runtime.put([7], reply=True)
        await actor.know(Box(reference))
        uid = reference.uid
        del reference
        gc.collect()
        await asyncio.sleep(0.05)
        assert await runtime.get(uid) == [7]

    run_inline(main)


def test_actor_ends_after_its_queued_calls_when_nothing_holds_it(tmp_path):
    async def main(runtime):
        actor = await Counter.remote(runtime=runtime.workers[0])
        path = str(tmp_path / "attempts")
        task = actor.fail_until(1, path)
        del actor
        gc.collect()
        assert await task.result() == 1

    run_inline(main)


def test_actor_in_a_result_lives_on_at_the_receiver():
    async def main(runtime):
        creator = await Counter.remote()
        made = await creator.create().result()
        gc.collect()
        await asyncio.sleep(0.05)
        assert await made.add(1).result() == 12

    run_inline(main)
