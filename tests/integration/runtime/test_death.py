"""Workers that die: which awaits fail, and what goes on."""

import asyncio

import pytest

from entrypoints.runtime import RuntimeDisconnectedError
from tests.support.runtime_actors import Counter, Phoenix, kill_me, kill_once, square
from tests.support.runtimes import run_on


def run(main, **options):
    """Run a coroutine function with worker processes."""
    return run_on("embedded", main, **options)


def test_calls_of_a_killed_worker_fail_and_name_it():
    async def main(runtime):
        first, second = [await Counter.remote(runtime=worker) for worker in runtime.workers]
        lost = first.runtime_id
        dying, waiting = first.die(), first.add()
        for task in (dying, waiting):
            with pytest.raises(RuntimeDisconnectedError, match="SIGKILL") as caught:
                await task
            assert lost not in [worker.uid for worker in runtime.workers]
            assert (caught.value.worker, caught.value.uid) == (lost, task.uid)
        with pytest.raises(RuntimeDisconnectedError):
            await first.add()
        assert await second.add().result() == 1

    run(main)


def test_loss_of_a_worker_ends_the_calls_of_another_worker():
    async def main(runtime):
        first, second = [await Counter.remote(runtime=worker) for worker in runtime.workers]
        with pytest.raises(RuntimeDisconnectedError):
            await first.call(second, "die")
        assert await first.add().result() == 1

    run(main)


def test_lost_worker_is_replaced_at_its_index():
    async def main(runtime):
        actor = await Counter.remote(runtime=runtime.workers[0])
        lost = actor.runtime_id
        with pytest.raises(RuntimeDisconnectedError):
            await actor.die()
        await runtime.wait_for_workers(2, timeout=30)
        replacement = runtime.get_worker("worker:0:0")
        assert replacement.uid != lost
        again = await Counter.remote(runtime=replacement)
        assert await again.add().result() == 1
        with pytest.raises(KeyError):
            runtime.get_worker(lost)

    run(main)


def test_restarted_actor_begins_anew_and_its_queued_calls_go_on():
    async def main(runtime):
        actor = await Phoenix.remote(start=5, runtime=runtime.workers[0])
        await actor.add(1)
        dying, first, second = actor.die(), actor.add(1), actor.add(1)
        with pytest.raises(RuntimeDisconnectedError):
            await dying
        assert [await first.result(), await second.result()] == [6, 7]

    run(main)


def test_restarted_actor_is_found_by_other_callers():
    async def main(runtime):
        actor = await Phoenix.remote(runtime=runtime.workers[0])
        caller = await Counter.remote(runtime=runtime.workers[1])
        assert await caller.call(actor, "add").result() == 1
        with pytest.raises(RuntimeDisconnectedError):
            await actor.die()
        assert await caller.call(actor, "add").result() == 1

    run(main)


def test_call_is_retried_after_the_loss_if_its_actor_restarts(tmp_path):
    async def main(runtime):
        actor = await Phoenix.remote(runtime=runtime.workers[0])
        task = actor.die_once(str(tmp_path / "died"), max_retries=1)
        assert await task.result() == "done"

    run(main)


def test_function_runs_again_after_the_loss_of_its_worker(tmp_path):
    async def main(runtime):
        task = runtime.submit(kill_once, str(tmp_path / "died"), max_retries=1)
        assert await task.result() == "done"

    run(main)


def test_function_that_has_cost_three_workers_is_not_tried_on_a_fourth(tmp_path):
    async def main(runtime):
        path = tmp_path / "attempts"
        with pytest.raises(RuntimeDisconnectedError, match="3 workers have died"):
            await runtime.submit(kill_me, str(path), max_retries=10)
        assert path.stat().st_size == 3
        assert await runtime.submit(square, 2).result() == 4

    run(main)


def test_no_await_hangs_when_the_last_worker_is_lost():
    async def main(runtime):
        actor = await Counter.remote()
        with pytest.raises(RuntimeDisconnectedError):
            await actor.die()
        with pytest.raises(RuntimeDisconnectedError, match="No worker is alive"):
            await runtime.submit(square, 2)
        with pytest.raises(RuntimeDisconnectedError, match="No worker is alive"):
            await Counter.remote()

    run(main, num_workers=1, max_worker_restarts=0)


def test_forced_cancellation_ends_the_worker(tmp_path):
    async def main(runtime):
        actor = await Counter.remote(runtime=runtime.workers[0])
        lost = actor.runtime_id
        blocked = actor.block_until(str(tmp_path / "never"))
        await asyncio.sleep(0.1)
        blocked.cancel(force=True)
        with pytest.raises(asyncio.CancelledError):
            await blocked
        with pytest.raises(RuntimeDisconnectedError):
            await actor.add()
        assert lost not in [worker.uid for worker in runtime.workers]

    run(main)
