"""Parallel loops, with the engine `inline`."""

import asyncio
import contextlib
from contextvars import ContextVar

import pytest

import entrypoints.runtime as tasks
from adapters.in_memory.progress_bars import InMemoryProgressBars


@tasks.tessera
class Farm:
    """Works on items."""

    def __init__(self):
        self.gate = asyncio.Event()

    def square(self, x):
        return x * x

    def fail(self):
        raise ValueError("no")

    async def wait(self):
        await self.gate.wait()
        return "opened"

    async def open(self):
        self.gate.set()


def run(main, **options):
    return tasks.run(main, engine="inline", log_level="error", **{"num_workers": 2, **options})


def indices(workers):
    return [worker.indices[1] for worker in workers]


def test_results_are_in_the_order_of_the_items():
    async def main(runtime):
        farm = await Farm.remote(len=2)

        @runtime.async_for(range(10))
        async def loop(worker, i):
            return await farm.square(i, runtime=worker).result()

        return await loop

    assert run(main) == [i * i for i in range(10)]


def test_unordered_results_are_as_completed():
    async def main(runtime):
        first = asyncio.Event()

        @runtime.async_for([0, 1], ordered=False)
        async def loop(worker, i):
            if i == 0:
                await first.wait()
            first.set()
            return i

        return await loop

    assert run(main) == [1, 0]


def test_several_iterables_end_with_the_shortest():
    async def main(runtime):
        @runtime.async_for(range(5), "abc")
        async def loop(worker, i, letter):
            return f"{letter}{i}"

        return await loop

    assert run(main) == ["a0", "b1", "c2"]


def test_loop_without_items_has_no_results():
    async def main(runtime):
        @runtime.async_for([])
        async def loop(worker, i):
            return i

        return await loop

    assert run(main) == []


def test_awaiting_a_loop_twice_runs_it_once():
    async def main(runtime):
        ran = []

        @runtime.async_for(range(3))
        async def loop(worker, i):
            ran.append(i)
            return i

        return await loop, await loop, ran

    assert run(main) == ([0, 1, 2], [0, 1, 2], [0, 1, 2])


def test_no_two_items_have_the_same_worker_at_the_same_time():
    async def main(runtime):
        busy, most = [], []

        @runtime.async_for(range(12))
        async def loop(worker, i):
            assert worker not in busy
            busy.append(worker)
            most.append(len(busy))
            await asyncio.sleep(0)
            busy.remove(worker)

        await loop
        return max(most)

    assert run(main, num_workers=3) == 3


def test_loop_without_an_iterable_is_rejected():
    async def main(runtime):
        with pytest.raises(TypeError, match="needs something to iterate over"):
            runtime.async_for()

    run(main)


def test_loop_over_a_plain_function_is_rejected():
    async def main(runtime):
        with pytest.raises(TypeError, match="async def body"):

            @runtime.async_for([1])
            def body(worker, i):
                return i

    run(main)


def test_negative_max_await_is_rejected():
    async def main(runtime):
        with pytest.raises(ValueError, match="max_await is -1"):
            runtime.async_for([1], max_await=-1)

    run(main)


# Errors


def test_error_of_an_item_is_that_of_the_loop():
    async def main(runtime):
        farm = await Farm.remote(len=2)

        @runtime.async_for(range(4))
        async def loop(worker, i):
            if i == 2:
                await farm.fail(runtime=worker)

        with pytest.raises(ValueError, match="no"):
            await loop
        return await farm[0].square(3).result()

    assert run(main) == 9


def test_error_of_an_item_cancels_and_awaits_all_others():
    async def main(runtime):
        ended, started = [], asyncio.Event()

        @runtime.async_for(range(9))
        async def loop(worker, i):
            if i == 1:
                await started.wait()
                raise ValueError("no")
            if i == 2:
                started.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append(i)

        with pytest.raises(ValueError, match="no"):
            await loop
        return ended

    assert run(main, num_workers=3) == [0, 2]


def test_error_of_an_item_cancels_the_tasks_of_all_items():
    async def main(runtime):
        farm = await Farm.remote(len=2)
        waiting = []

        @runtime.async_for(range(2))
        async def loop(worker, i):
            waiting.append(farm.wait(runtime=worker))
            if i == 1:
                raise ValueError("no")
            await waiting[0]

        with pytest.raises(ValueError, match="no"):
            await loop
        return [task.state for task in waiting], await farm[1].square(2).result()

    assert run(main) == (["cancelled", "cancelled"], 4)


def test_error_of_a_loop_is_raised_by_each_await():
    async def main(runtime):
        @runtime.async_for(range(2))
        async def loop(worker, i):
            raise ValueError("no")

        for _ in range(2):
            with pytest.raises(ValueError, match="no"):
                await loop

    run(main)


def test_error_of_the_iterable_is_that_of_the_loop():
    def items():
        yield 1
        raise ValueError("no more")

    async def main(runtime):
        @runtime.async_for(items())
        async def loop(worker, i):
            await asyncio.Event().wait()

        with pytest.raises(ValueError, match="no more"):
            await loop

    run(main)


def test_cancelled_task_in_an_item_is_the_error_of_the_loop():
    async def main(runtime):
        farm = await Farm.remote()

        @runtime.async_for(range(1))
        async def loop(worker, i):
            task = farm.wait()
            task.cancel()
            await task

        with pytest.raises(tasks.CancelledError, match=r"Farm\.wait was cancelled"):
            await loop
        return "goes on"

    assert run(main) == "goes on"


def test_system_exit_of_an_item_ends_the_run_with_its_code():
    async def main(runtime):
        @runtime.async_for(range(2))
        async def loop(worker, i):
            raise SystemExit(3)

        await loop

    with pytest.raises(SystemExit) as raised:
        run(main)
    assert raised.value.code == 3


def test_context_variable_of_an_item_is_not_set_in_the_next():
    variable = ContextVar("variable", default="outer")

    async def main(runtime):
        variable.set("loop")

        @runtime.async_for(range(3))
        async def loop(worker, i):
            found = variable.get()
            variable.set(f"item {i}")
            return found

        return await loop

    assert run(main, num_workers=1) == ["loop"] * 3


# max_await, timeout, cancellation


def test_max_await_returns_exactly_so_many_results_in_order():
    async def main(runtime):
        ready = asyncio.Event()

        @runtime.async_for(range(100), max_await=3)
        async def loop(worker, i):
            if i == 1:
                await ready.wait()
            if i == 3:
                ready.set()
            return i

        return await loop

    results = run(main, num_workers=4)
    assert len(results) == 3
    assert results == sorted(results)


def test_max_await_over_an_endless_iterable_ends():
    def count():
        i = 0
        while True:
            yield i
            i += 1

    async def main(runtime):
        @runtime.async_for(count(), max_await=5)
        async def loop(worker, i):
            return i

        return await loop

    assert run(main) == [0, 1, 2, 3, 4]


def test_max_await_cancels_the_other_items_and_their_tasks():
    async def main(runtime):
        farm = await Farm.remote(len=2)
        waiting = []

        @runtime.async_for(range(2), max_await=1)
        async def loop(worker, i):
            if i == 0:
                waiting.append(farm.wait(runtime=worker))
                await waiting[0]
            return i

        results = await loop
        return results, waiting[0].state

    assert run(main) == ([1], "cancelled")


def test_timeout_cancels_the_items():
    async def main(runtime):
        ended = []

        @runtime.async_for(range(9), timeout=0.01)
        async def loop(worker, i):
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(i)

        with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
            await loop
        return ended

    assert run(main) == [0, 1]


def test_timeout_includes_tasks_that_no_item_awaits():
    async def main(runtime):
        farm = await Farm.remote()
        waiting = []

        @runtime.async_for(range(1), timeout=0.01)
        async def loop(worker, i):
            waiting.append(farm.wait())

        with pytest.raises(TimeoutError):
            await loop
        return waiting[0].state

    assert run(main) == "cancelled"


def test_cancelling_the_await_cancels_items_and_tasks():
    async def main(runtime):
        farm = await Farm.remote()
        waiting = []
        started = asyncio.Event()

        @runtime.async_for(range(2))
        async def loop(worker, i):
            waiting.append(farm.wait())
            started.set()
            await waiting[-1]

        awaiting = asyncio.ensure_future(loop)
        await started.wait()
        awaiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await awaiting
        return {task.state for task in waiting}

    assert run(main) == {"cancelled"}


def test_second_cancellation_does_not_leave_items_behind():
    async def main(runtime):
        ended, started, cancelled = [], asyncio.Event(), asyncio.Event()

        @runtime.async_for(range(2))
        async def loop(worker, i):
            try:
                if i == 1:
                    started.set()
                await asyncio.Event().wait()
            finally:
                if i == 1:
                    cancelled.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
                ended.append(i)

        awaiting = asyncio.ensure_future(loop)
        await started.wait()
        awaiting.cancel()
        await cancelled.wait()
        awaiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await awaiting
        return ended

    assert run(main) == [0, 1]


# Barrier


def test_loop_waits_for_the_tasks_that_its_items_do_not_await():
    async def main(runtime):
        farm = await Farm.remote(max_concurrency=2)
        waiting = []

        @runtime.async_for(range(1))
        async def loop(worker, i):
            waiting.append(farm.wait())

        awaiting = asyncio.ensure_future(loop)
        await farm.open()
        await awaiting
        return waiting[0].state

    assert run(main) == "done"


def test_loop_does_not_wait_for_tasks_from_outside():
    async def main(runtime):
        farm = await Farm.remote(max_concurrency=2)
        outside = farm.wait()

        @runtime.async_for(range(1))
        async def loop(worker, i):
            return await farm.square(i).result()

        results = await loop
        state = outside.state
        await farm.open()
        return results, state == "done"

    assert run(main) == ([0], False)


# Nested loops


def test_nested_loop_borrows_the_worker_of_its_item():
    async def main(runtime):
        used = []

        @runtime.async_for(range(2))
        async def outer(worker, i):
            @runtime.async_for(range(3))
            async def inner(own, j):
                used.append((i, own == worker))
                await asyncio.sleep(0)
                return 10 * i + j

            return await inner

        return await outer, all(same for _, same in used)

    assert run(main) == ([[0, 1, 2], [10, 11, 12]], True)


def test_nested_loop_borrows_free_workers():
    async def main(runtime):
        used = set()

        @runtime.async_for(range(1))
        async def outer(worker, i):
            @runtime.async_for(range(9))
            async def inner(own, j):
                used.add(own)
                await asyncio.sleep(0)

            await inner

        await outer
        return sorted(indices(used))

    assert run(main, num_workers=3) == [0, 1, 2]


def test_workers_of_nested_loops_return_to_the_outer_loop():
    async def main(runtime):
        @runtime.async_for(range(6))
        async def outer(worker, i):
            @runtime.async_for(range(4))
            async def inner(own, j):
                await asyncio.sleep(0)
                return j

            return sum(await inner)

        return await outer

    assert run(main, num_workers=3) == [6] * 6


def test_error_in_a_nested_loop_ends_the_outer_loop():
    async def main(runtime):
        @runtime.async_for(range(4))
        async def outer(worker, i):
            @runtime.async_for(range(4))
            async def inner(own, j):
                await asyncio.sleep(0)
                if (i, j) == (1, 2):
                    raise ValueError("inner")

            await inner

        with pytest.raises(ValueError, match="inner"):
            await outer

        @runtime.async_for(range(2))
        async def again(worker, i):
            return i

        return await again

    assert run(main) == [0, 1]


def test_two_loops_side_by_side_borrow_the_same_workers():
    async def main(runtime):
        meet = asyncio.Event()

        @runtime.async_for(range(1))
        async def first(worker, i):
            await meet.wait()
            return worker

        @runtime.async_for(range(1))
        async def second(worker, i):
            meet.set()
            return worker

        (one,), (other,) = await asyncio.gather(first, second)
        return one == other

    assert run(main, num_workers=1)


def test_actor_can_run_a_loop():
    @tasks.tessera
    class Leader:
        async def lead(self, farm):
            @self.runtime.async_for(range(4))
            async def loop(worker, i):
                return await farm[i % 2].square(i).result()

            return await loop

    async def main(runtime):
        farm = [await Farm.remote(), await Farm.remote()]
        leader = await Leader.remote()
        return await leader.lead(farm).result()

    assert run(main) == [0, 1, 4, 9]


# Progress


def test_progress_bar_advances_with_each_item(monkeypatch):
    bars = InMemoryProgressBars()
    monkeypatch.setattr("entrypoints._runtime.session.RichProgressBars", lambda _stream: bars)

    async def main(runtime):
        @runtime.async_for(range(3), "ab", progress=True)
        async def simulate(worker, i, letter):
            return i

        await simulate

    run(main)
    (bar,) = bars.bars
    assert (bar.name, bar.total, bar.done, bar.is_closed) == ("simulate", 2, 2, True)
