"""Defects that random programs have found, each as the smallest program that shows it."""

import asyncio
import gc
from random import Random

import pytest

from application.runtime.residents import ACTOR
from application.runtime.task import Task
from domain.runtime.task_errors import DependencyError, RuntimeDisconnectedError
from entrypoints.runtime import by_reference
from tests.simulation.actors import PlannedError, Player, fail, work
from tests.simulation.cluster import Cluster
from tests.simulation.journal import Current, Journal, Stamp, journal
from tests.simulation.simulated_engine import Faults
from tests.simulation.simulation import leftovers
from tests.simulation.virtual_loop import VirtualLoop


def run(main, *, workers=1, restarts=0, seed=0):
    """Run a program on a simulated cluster."""
    Current.journal = Journal()
    cluster = Cluster(Random(seed), Faults(), workers=workers, restarts=restarts)
    loop = VirtualLoop()
    try:
        loop.run_until_complete(cluster.run(lambda runtime: main(runtime, cluster)))
    finally:
        loop.abandon()
        cluster.clear()
    assert not loop.errors


def crash_first(cluster):
    """End the first worker that is alive."""
    cluster.engine.crash(cluster.engine.live_workers()[0])


async def sent(cluster, kind, count=1):
    """Wait until messages of a kind have been sent."""
    while [item for _, item, _, _ in cluster.engine.trace].count(kind) < count:
        await asyncio.sleep(0.0001)


def test_lazy_task_that_never_begins_is_garbage_collected():
    async def main(runtime, cluster):
        task = runtime.submit(work, Stamp(1), 0.1)
        actor = await Player.remote(Stamp(0))
        await actor.keep(Stamp(2), by_reference(task))
        await task
        del task, actor
        gc.collect()
        await asyncio.sleep(1)
        assert not [text for item in cluster.live_services.values() for text in leftovers(item)]

    run(main)


def test_functions_that_wait_for_a_place_end_when_the_last_worker_is_given_up():
    async def main(runtime, cluster):
        tasks = [runtime.submit(work, Stamp(number), 1.0) for number in range(6)]
        await asyncio.sleep(0.1)
        crash_first(cluster)
        for task in tasks:
            with pytest.raises(RuntimeDisconnectedError):
                await task

    run(main)


def test_creation_without_workers_raises_its_error_at_the_await():
    async def main(runtime, cluster):
        crash_first(cluster)
        await asyncio.sleep(1)
        actor = Player.remote(Stamp(0))
        with pytest.raises(RuntimeDisconnectedError):
            await actor

    run(main)


def test_actor_whose_worker_is_lost_during_its_creation_is_created_once_more():
    async def main(runtime, cluster):
        actor = Player.options(max_restarts=1).remote(Stamp(0))
        await asyncio.sleep(0)
        crash_first(cluster)
        assert await (await actor).compute(Stamp(1)).result() == 1
        del actor
        gc.collect()
        await asyncio.sleep(1)
        assert not [text for item in cluster.live_services.values() for text in leftovers(item)]

    run(main, workers=2)


def test_actor_whose_new_worker_is_lost_too_is_created_again():
    async def main(runtime, cluster):
        actor = await Player.options(max_restarts=2).remote(Stamp(0))
        for number in (1, 2):
            uid = actor.runtime_id
            cluster.engine.crash(uid)
            while actor.runtime_id == uid:
                await asyncio.sleep(0.001)
            assert await actor.compute(Stamp(number)).result() == number

    run(main, restarts=2)


def test_proxy_of_an_actor_that_failed_fails_the_call_that_gets_it():
    async def main(runtime, cluster):
        actor, failed = Player.remote(Stamp(0)), Player.remote(Stamp(1), True, True)
        with pytest.raises(PlannedError):
            await failed
        with pytest.raises(DependencyError):
            await actor.keep(Stamp(2), failed)

    run(main)


def test_attempts_that_failed_before_the_loss_of_the_worker_count():
    async def main(runtime, cluster):
        task = runtime.submit(fail, Stamp(1), 10, max_retries=2)
        while journal().executions[1] < 2:
            await asyncio.sleep(0.01)
        crash_first(cluster)
        with pytest.raises((PlannedError, RuntimeDisconnectedError)):
            await task
        assert journal().executions[1] <= 3

    run(main, restarts=1)


def test_value_dropped_while_a_call_waits_fails_the_call_and_not_those_after_it():
    async def main(runtime, cluster):
        actor = await Player.remote(Stamp(0))
        reference = await runtime.put("value")
        slow = runtime.submit(work, Stamp(1), 1.0)
        waiting = actor.compute(Stamp(2, "head", 0), reference, slow)
        behind = actor.compute(Stamp(3, "head", 1))
        await reference.drop()
        with pytest.raises(DependencyError):
            await waiting
        assert await behind.result() == 3

    run(main)


def test_references_that_are_garbage_collected_together_release_their_value():
    async def main(runtime, cluster):
        reference = await runtime.put("value")
        actor = await Player.remote(Stamp(0))
        copies = [
            await actor.gather(Stamp(number), by_reference(reference)).result() for number in (1, 2)
        ]
        cycle = [reference, *copies]
        cycle.append(cycle)
        del reference, copies, cycle, actor
        gc.collect()
        await asyncio.sleep(1)
        assert not cluster.engine.values.keys

    run(main)


def test_reference_in_a_result_is_held_while_it_travels_to_another_actor():
    async def main(runtime, cluster):
        first, second = [await Player.remote(Stamp(number)) for number in range(2)]
        stored = first.store(Stamp(2))
        reference, _ = await second.gather(Stamp(3), stored).result()
        assert await reference.value() == 2
        assert not cluster.engine.values.missed

    run(main, workers=2)


def test_error_of_a_lost_worker_does_not_keep_the_arguments_alive():
    async def main(runtime, cluster):
        actor, other = Player.remote(Stamp(0)), Player.remote(Stamp(1))
        await actor
        await other
        task = actor.leave(Stamp(2), other, Stamp(3), 0.1)
        cluster.engine.crash(actor.runtime_id)
        with pytest.raises(RuntimeDisconnectedError):
            await task
        assert isinstance(task, Task)
        assert task.error.__context__ is None

    run(main, workers=2)


def test_values_of_call_that_is_cancelled_in_the_queue_are_released():
    async def main(runtime, cluster):
        actor = await Player.remote(Stamp(0))
        reference = await runtime.put("value")
        running = actor.work(Stamp(1), 1.0)
        waiting = actor.compute(Stamp(2), reference)
        await asyncio.sleep(0.5)
        waiting.cancel()
        await running
        del reference, waiting
        await asyncio.sleep(1)
        assert not cluster.engine.values.keys

    run(main)


def test_values_of_call_to_a_missing_actor_are_released():
    async def main(runtime, cluster):
        actor = await Player.remote(Stamp(0))
        reference = await runtime.put("value")
        cluster.services[actor.runtime_id].residents.remove(actor.uid)
        with pytest.raises(KeyError):
            await actor.compute(Stamp(1), reference)
        del reference
        await asyncio.sleep(1)
        assert not cluster.engine.values.keys

    run(main)


def test_stored_result_of_cancelled_call_is_released():
    async def main(runtime, cluster):
        actor = await Player.remote(Stamp(0))
        task = actor.large(Stamp(1))
        while not journal().executions[1]:
            await asyncio.sleep(0.0001)
        task.cancel()
        await asyncio.sleep(1)
        assert task.state == "cancelled"
        assert not cluster.engine.values.keys

    run(main)


def test_result_with_proxies_of_cancelled_call_is_released():
    async def main(runtime, cluster):
        actor = await Player.remote(Stamp(0))
        task = actor.store(Stamp(1))
        while 1 not in journal().ended:
            await asyncio.sleep(0.0001)
        task.cancel()
        uid = actor.uid
        await asyncio.sleep(1)
        (worker,) = cluster.engine.live_workers()
        assert [item.uid for item in cluster.services[worker].residents.all_of(ACTOR)] == [uid]
        assert not cluster.engine.values.keys

    run(main)


@pytest.mark.parametrize("seed", range(5))
def test_proxy_passed_on_during_a_restart_does_not_call_the_actor_too_early(seed):
    async def main(runtime, cluster):
        actor = await Player.options(max_restarts=1).remote(Stamp(0))
        caller = await Player.remote(Stamp(1))
        cluster.engine.crash(actor.runtime_id)
        await sent(cluster, "create", 3)
        calls = [caller.forward(Stamp(number), actor, Stamp(-number), 0.0) for number in (2, 3)]
        assert [await call.result() for call in calls] == [-2, -3]
        await asyncio.sleep(1)
        assert await actor.compute(Stamp(4)).result() == 4

    run(main, workers=2, seed=seed)


@pytest.mark.parametrize("seed", range(10))
def test_actor_in_a_result_survives_the_worker_that_returned_it(seed):
    async def main(runtime, cluster):
        maker = await Player.remote(Stamp(0))
        task = maker.store(Stamp(1))
        await sent(cluster, "references")
        cluster.engine.crash(maker.runtime_id)
        _, actor = await task.result()
        assert actor.runtime_id != maker.runtime_id
        await actor.set_attr("tried", True)

    run(main, workers=2, seed=seed)
