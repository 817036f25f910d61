"""Functions that are mapped over items, with the engine `inline`."""

import asyncio

import pytest

import entrypoints.runtime as tasks
from application.runtime.tasks import Tasks


def square(x):
    return x * x


async def after(x):
    """Return x later, the higher the sooner."""
    for _ in range(200 * (3 - x)):
        await asyncio.sleep(0)
    return x


def fail_at_two(x):
    if x == 2:
        raise ValueError("two")
    return x


async def wait_for_ever(x):
    await asyncio.Event().wait()


def run(main, **options):
    return tasks.run(main, engine="inline", log_level="error", **{"num_workers": 2, **options})


def test_results_are_in_the_order_of_the_items():
    async def main(runtime):
        return [x async for x in runtime.map(after, range(4))]

    assert run(main) == [0, 1, 2, 3]


def test_unordered_results_are_as_completed():
    async def main(runtime):
        return [x async for x in runtime.map(after, range(4), ordered=False)]

    assert run(main) == [3, 2, 1, 0]


def test_mapping_no_items_returns_nothing():
    async def main(runtime):
        return [x async for x in runtime.map(square, [])]

    assert run(main) == []


@pytest.mark.parametrize(("in_flight", "ahead"), [(3, 3), (None, 4)])
def test_items_are_taken_only_as_results_are(in_flight, ahead):
    taken = []

    def items():
        for x in range(100):
            taken.append(x)
            yield x

    async def main(runtime):
        seen = []
        async for x in runtime.map(square, items(), in_flight=in_flight):
            seen.append(len(taken))
            if x == 25:
                break
        return seen

    assert run(main) == [ahead + i for i in range(6)]


def test_in_flight_of_zero_is_rejected():
    async def main(runtime):
        with pytest.raises(ValueError, match="in_flight is 0"):
            runtime.map(square, [1], in_flight=0)

    run(main)


@pytest.mark.parametrize("ordered", [True, False])
def test_error_of_a_task_ends_the_iteration(ordered):
    async def main(runtime):
        seen = []
        results = runtime.map(fail_at_two, range(9), in_flight=1, ordered=ordered)

        async def read():
            async for x in results:
                seen.append(x)

        with pytest.raises(ValueError, match="two"):
            await read()
        return seen

    assert run(main) == [0, 1]


def test_error_of_the_items_ends_the_iteration():
    def items():
        yield 1
        raise ValueError("no more")

    async def main(runtime):
        results = runtime.map(square, items(), in_flight=2)
        with pytest.raises(ValueError, match="no more"):
            await results.__anext__()

    run(main)


def test_closing_the_iterator_cancels_the_tasks_in_flight():
    async def main(runtime):
        sent = []
        runtime.service(Tasks).notify(sent.append)
        results = runtime.map(wait_for_ever, range(3))
        waiting = asyncio.ensure_future(results.__anext__())
        while len(sent) < 3:
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return [task.state for task in sent]

    assert run(main) == ["cancelled"] * 3


def test_run_that_fails_ends_while_tasks_are_in_flight():
    async def main(runtime):
        sent = []
        runtime.service(Tasks).notify(sent.append)
        waiting = asyncio.ensure_future(runtime.map(wait_for_ever, range(3)).__anext__())
        while len(sent) < 3:
            await asyncio.sleep(0)
        assert not waiting.done()
        raise ValueError("main")

    with pytest.raises(ValueError, match="main"):
        run(main)
