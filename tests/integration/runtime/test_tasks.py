"""Tasks: functions, errors, cancellation, timeouts, retries, the barrier."""

import asyncio

import pytest

from entrypoints.runtime import DependencyError, MemoryOverflowError, SerialisationError
from tests.support.runtime_actors import Counter, square, square_slowly
from tests.support.runtimes import eventually, run_inline


def test_submitted_functions_return_their_results():
    async def main(runtime):
        tasks = [runtime.submit(square, n) for n in range(20)]
        assert [await task.result() for task in tasks] == [n * n for n in range(20)]
        assert await runtime.submit(square_slowly, runtime.submit(square, 2)).result() == 16

    run_inline(main)


def test_local_functions_are_submitted_by_value():
    async def main(runtime):
        offset = 3
        assert await runtime.submit(lambda x: x + offset, 1).result() == 4

    run_inline(main)


def test_task_is_awaited_any_number_of_times():
    async def main(runtime):
        task = runtime.submit(square, 3)
        assert await task is task
        assert [await task.result(), await task.result()] == [9, 9]
        assert task.state == "done"

    run_inline(main)


def test_tuple_of_one_stays_a_tuple():
    async def main(runtime):
        actor = await Counter.remote()
        assert await actor.same((1,)).result() == (1,)

    run_inline(main)


def test_failed_need_is_the_cause_of_a_dependency_error():
    async def main(runtime):
        actor = await Counter.remote()
        failed = actor.fail("root")
        dependent = actor.same(actor.same(failed))
        with pytest.raises(DependencyError) as caught:
            await dependent
        assert isinstance(caught.value.__cause__, DependencyError)
        assert isinstance(caught.value.__cause__.__cause__, ValueError)

    run_inline(main)


def test_task_with_a_need_that_has_failed_already_fails():
    async def main(runtime):
        actor = await Counter.remote()
        failed = actor.fail()
        with pytest.raises(ValueError, match="no"):
            await failed
        with pytest.raises(DependencyError):
            await actor.same(failed)

    run_inline(main)


def test_argument_that_cannot_be_pickled_is_named():
    async def main(runtime):
        actor = await Counter.remote()
        with pytest.raises(SerialisationError, match=r"^argument\[0\]\[\"lock\"\] of Counter.same"):
            actor.same({"lock": (x for x in ())})

    run_inline(main)


def test_result_that_cannot_be_pickled_fails_its_task():
    async def main(runtime):
        with pytest.raises(SerialisationError, match="cannot be pickled"):
            await runtime.submit(generator)

    run_inline(main)


def generator():
    """Return what cannot be pickled."""
    return (x for x in ())


def test_cancelled_running_coroutine_raises_there_and_ends_the_await():
    async def main(runtime):
        actor = await Counter.remote()
        task = actor.wait_for_ever()
        await eventually(lambda: task.state != "pending")
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.state == "cancelled"
        assert await actor.order == ["cancelled"]

    run_inline(main)


def test_cancelled_queued_call_never_runs(tmp_path):
    async def main(runtime):
        actor = await Counter.remote()
        blocked = actor.block_until(tmp_path / "gate")
        queued = actor.add(1)
        queued.cancel()
        with pytest.raises(asyncio.CancelledError):
            await queued
        await Counter.remote()  # follows the cancellation to the same worker
        (tmp_path / "gate").touch()
        assert await blocked.result() == "blocked"
        assert await actor.n == 0

    run_inline(main, num_workers=1)


def test_cancelled_blocking_call_keeps_its_actor_busy_until_it_ends(tmp_path):
    async def main(runtime):
        actor = await Counter.remote()
        blocked = actor.block_until(tmp_path / "gate")
        await asyncio.sleep(0.05)
        blocked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await blocked
        after = actor.add(1)
        await asyncio.sleep(0.05)
        assert after.state in ("queued", "running")
        (tmp_path / "gate").touch()
        assert await after.result() == 1

    run_inline(main)


def test_dependents_of_a_cancelled_task_are_cancelled():
    async def main(runtime):
        actor = await Counter.remote()
        task = actor.wait_for_ever()
        dependent = actor.same(task)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dependent
        assert dependent.state == "cancelled"

    run_inline(main)


def test_timeout_of_a_call_raises_the_built_in_error():
    async def main(runtime):
        actor = await Counter.remote()
        with pytest.raises(TimeoutError, match=r"did not end within 0.05 s"):
            await actor.wait_for_ever(timeout=0.05)
        assert await actor.add().result() == 1

    run_inline(main)


def test_wait_for_on_a_result_cancels_nothing(tmp_path):
    async def main(runtime):
        actor = await Counter.remote()
        task = actor.wait_for(tmp_path / "gate")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(task.result(), 0.05)
        (tmp_path / "gate").touch()
        assert await task.result() is None

    run_inline(main)


def test_failed_call_is_retried_and_keeps_its_place(tmp_path):
    async def main(runtime):
        actor = await Counter.remote()
        retried = actor.fail_until(2, tmp_path / "attempts", max_retries=1)
        after = actor.add(1)
        await after
        assert retried.state == "done"
        assert await retried.result() == 2

    run_inline(main)


def test_call_is_not_retried_on_other_errors(tmp_path):
    async def main(runtime):
        actor = await Counter.remote()
        with pytest.raises(OSError, match="attempt 1"):
            await actor.fail_until(2, tmp_path / "attempts", max_retries=5, retry_on=(ValueError,))

    run_inline(main)


def test_function_is_retried(tmp_path):
    async def main(runtime):
        attempts = str(tmp_path / "attempts")
        task = runtime.submit(Counter().fail_until, 2, attempts, max_retries=1)
        assert await task.result() == 2

    run_inline(main)


def test_barrier_waits_for_tasks_that_were_just_created(tmp_path):
    async def main(runtime):
        actor = await Counter.remote()
        task = actor.wait_for(tmp_path / "gate")
        with pytest.raises(TimeoutError):
            await runtime.barrier(timeout=0.05)
        (tmp_path / "gate").touch()
        await runtime.barrier()
        assert task.state == "done"

    run_inline(main)


def test_barrier_does_not_raise_failures_of_tasks():
    async def main(runtime):
        actor = await Counter.remote()
        actor.fail()
        await runtime.barrier()

    run_inline(main)


def test_barrier_waits_for_tasks_that_tasks_have_left(tmp_path):
    async def main(runtime):
        actor = await Counter.remote()
        await actor.leave_children(tmp_path / "gate")
        with pytest.raises(TimeoutError):
            await runtime.barrier(timeout=0.1)
        (tmp_path / "gate").touch()
        await runtime.barrier()

    run_inline(main)


def test_done_callback_gets_the_task():
    async def main(runtime):
        called = []
        task = runtime.submit(square, 2)
        task.add_done_callback(called.append)
        await task
        task.add_done_callback(called.append)
        assert called == [task, task]

    run_inline(main)


def test_blocking_wait_on_the_thread_of_the_loop_is_an_error():
    async def main(runtime):
        task = runtime.submit(square, 2)
        with pytest.raises(RuntimeError, match="await"):
            task.wait()

    run_inline(main)


def test_blocking_wait_on_another_thread_returns_the_task():
    async def main(runtime):
        task = runtime.submit(square, 2)
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, task.wait) is task

    run_inline(main)


def test_call_on_another_thread_is_a_task():
    async def main(runtime):
        actor = await Counter.remote()
        loop = asyncio.get_running_loop()
        task = await loop.run_in_executor(None, actor.add)
        assert await task.result() == 1

    run_inline(main)


def test_actor_that_awaits_itself_is_an_error():
    async def main(runtime):
        actor = await Counter.remote()
        await actor.know(actor)
        with pytest.raises(RuntimeError, match=actor.uid):
            await actor.call_itself()

    run_inline(main)


def test_cycle_of_actors_that_wait_for_each_other_is_an_error():
    async def main(runtime):
        first, second = [await Counter.remote(runtime=worker) for worker in runtime.workers]
        with pytest.raises(RuntimeError, match="wait for each other") as caught:
            await first.call(second, "call", first, "add").result()
        assert first.uid in str(caught.value)
        assert second.uid in str(caught.value)

    run_inline(main)


def test_state_of_a_task_follows_it_from_queued_to_done(tmp_path):
    async def main(runtime):
        actor = await Counter.remote()
        task = actor.wait_for(tmp_path / "gate")
        assert task.state == "queued"
        await eventually(lambda: task.state == "running")
        function = runtime.submit(Counter().block_until, str(tmp_path / "gate"))
        await eventually(lambda: function.state == "running")
        (tmp_path / "gate").touch()
        await task
        await function
        assert task.state == "done"

    run_inline(main)


def test_arguments_that_do_not_fit_in_memory_are_an_error():
    async def main(runtime):
        actor = await Counter.remote()
        with pytest.raises(MemoryOverflowError, match=r"Counter\.type_of"):
            await actor.type_of(b"x" * 2_000_000)

    run_inline(main, worker_memory=1_000_000)
