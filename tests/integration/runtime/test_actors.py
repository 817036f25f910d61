"""Actors: creation, calls, order, attributes, arrays, names."""

import asyncio
import gc

import pytest

from entrypoints.runtime import RemoteError, TaskError, by_reference
from tests.support.runtime_actors import Box, Counter, Parallel
from tests.support.runtimes import run_on


@pytest.fixture(params=["inline", "embedded"])
def run(request):
    """Run a coroutine function with a runtime, on each engine."""
    return lambda main, **options: run_on(request.param, main, **options)


def test_calls_of_an_actor_and_its_attributes(run):
    async def main(runtime):
        actor = Counter.remote(start=1)
        assert await actor is actor
        assert await actor.add(2).result() == 3
        assert await actor.n == 3
        await actor.set_attr("n", 10)
        assert await actor.get_attr("n") == 10
        assert actor.uid.startswith("counter")
        assert actor.uid in repr(actor)
        assert actor.runtime_id == runtime.workers[0].uid
        with pytest.raises(AttributeError, match="missing"):
            await actor.missing
        with pytest.raises(AttributeError, match="missing"):
            await actor.missing()

    run(main)


def test_error_of_a_call_keeps_its_type_text_and_frames(run):
    async def main(runtime):
        actor = await Counter.remote(runtime=runtime.workers[0])
        task = actor.fail("broken")
        for _ in range(2):
            with pytest.raises(ValueError, match="broken") as caught:
                await task.result()
            assert str(caught.value) == "broken"
        assert task.state == "failed"
        assert "fail" in [entry.name for entry in caught.traceback]
        assert caught.value.__notes__ == ["on worker:0:0, task Counter.fail"]

    run(main)


def test_error_of_init_is_raised_at_the_await_and_at_each_call(run):
    async def main(runtime):
        actor = Counter.remote(error=ValueError("init"))
        for awaitable in (actor, actor.add(), actor.n, actor.add().result()):
            with pytest.raises(ValueError, match="init"):
                await awaitable

    run(main)


def test_exit_of_a_method_is_a_remote_error_and_the_actor_goes_on(run):
    async def main(runtime):
        actor = await Counter.remote()
        with pytest.raises(RemoteError, match="SystemExit: 3"):
            await actor.exit()
        assert await actor.add().result() == 1

    run(main)


def test_calls_of_one_caller_run_in_order_whatever_they_wait_for(run, tmp_path):
    async def main(runtime):
        first, second = [await Counter.remote(runtime=worker) for worker in runtime.workers]
        waiting = second.wait_for(tmp_path / "gate")
        tasks = [first.note_slowly(0), first.same(waiting), first.note(1), first.note_slowly(2)]
        (tmp_path / "gate").touch()
        for task in tasks:
            await task
        assert await first.order == [0, 1, 2]

    run(main)


def test_chain_of_results_goes_back_and_forth_between_workers(run):
    async def main(runtime):
        first, second = [await Counter.remote(runtime=worker) for worker in runtime.workers]
        total = first.total(second.total(first.total(1, 2), 3), 4)
        assert await total.result() == 10

    run(main)


def test_result_in_nested_containers_is_replaced_by_its_value(run):
    async def main(runtime):
        actor = await Counter.remote()
        task = actor.add(5)
        value = await actor.same([{"a": (task, 1)}]).result()
        assert value == [{"a": (5, 1)}]
        assert await actor.type_of(by_reference(task)).result() == "Task"

    run(main)


def test_task_inside_an_object_arrives_as_itself(run):
    async def main(runtime):
        first, second = [await Counter.remote(runtime=worker) for worker in runtime.workers]
        assert await second.result_of(Box(first.add(7))).result() == 7

    run(main)


def test_actors_create_and_call_actors(run):
    async def main(runtime):
        first, second = [await Counter.remote(runtime=worker) for worker in runtime.workers]
        assert await first.call(second, "add", 3).result() == 3
        made = await first.create().result()
        assert await made.add(1).result() == 12
        assert await first.uid_of_worker().result() == runtime.workers[0].uid

    run(main)


def test_outputs_and_done_of_a_task(run):
    async def main(runtime):
        actor = await Counter.remote()
        pair = actor.pair()
        assert await pair.outputs[1].result() == 4
        assert await actor.total(pair.outputs[0], pair.outputs[1]).result() == 7
        assert await actor.total(1, pair.done).result() == 1
        assert await actor.same([1, 2]).remote.count(2).result() == 1
        assert await pair.size() > 0

    run(main)


def test_max_concurrency_lets_calls_run_side_by_side(run):
    async def main(runtime):
        actor = await Parallel.remote()
        tasks = [actor.meet() for _ in range(4)]
        assert [await task.result() for task in tasks] == [2, 2, 2, 2]

    run(main)


def test_array_has_members_that_wrap_around_the_workers(run):
    async def main(runtime):
        array = await Counter.remote(len=3)
        assert [member.runtime_id for member in array] == [
            runtime.workers[index].uid for index in (0, 1, 0)
        ]
        assert await array.add(2).result() == [2, 2, 2]
        assert await array.n == [2, 2, 2]
        assert await array.add(1, runtime=runtime.workers[1]).result() == 3
        assert await array[2].n == 2

    run(main)


def test_array_without_a_member_on_a_worker_is_a_key_error(run):
    async def main(runtime):
        array = await Counter.remote(len=1)
        with pytest.raises(KeyError):
            array.add(1, runtime=runtime.workers[1])

    run(main)


def test_member_of_an_array_that_cannot_be_created_fails_it_or_is_left_out(run):
    async def main(runtime):
        with pytest.raises(ValueError, match="init"):
            await Counter.remote(error=ValueError("init"), len=2)
        safe = await Counter.remote(error=ValueError("init"), len=2, safe=True)
        assert len(safe) == 0

    run(main, log_level="error")


def test_named_actor_is_found_until_nothing_holds_it(run):
    async def main(runtime):
        actor = await Counter.remote(name="first")
        found = await runtime.actor("first")
        assert await found.add(2).result() == 2
        with pytest.raises(TaskError, match="'first' is in use"):
            await Counter.remote(name="first")
        del actor, found
        gc.collect()
        await ends("first", runtime)

    async def ends(name, runtime):
        while True:
            try:
                await runtime.actor(name)
            except KeyError:
                return
            gc.collect()
            await asyncio.sleep(0.01)

    run(main)


def test_options_pass_every_keyword_on(run):
    async def main(runtime):
        actor = await Counter.options(runtime=runtime.workers[1]).remote(start=4)
        assert actor.runtime_id == runtime.workers[1].uid
        assert await actor.add.options(max_retries=1)(k=2).result() == 6
        with pytest.raises(TypeError, match="colour"):
            actor.add.options(colour=1)

    run(main)


def test_lazy_call_starts_when_it_is_awaited(run):
    async def main(runtime):
        actor = await Counter.remote()
        lazy = actor.add(1, lazy=True)
        assert await actor.n == 0
        assert lazy.state == "pending"
        assert await lazy.result() == 1

    run(main)


def test_batch_sends_its_tasks_when_it_ends(run):
    async def main(runtime):
        first, second = [await Counter.remote(runtime=worker) for worker in runtime.workers]
        with runtime.batch():
            one = first.add(1)
            total = first.total(second.total(one, 2), 3)
            assert one.state == "pending"
        assert await total.result() == 6

    run(main)
