"""Executors for libraries, with the engine `inline`."""

import asyncio
from concurrent.futures import ALL_COMPLETED, CancelledError, as_completed, wait
from threading import Lock

import pytest

import entrypoints.runtime as tasks


def square(x):
    return x * x


def fail(message):
    raise ValueError(message)


def keywords(**given):
    return given


async def for_ever():
    await asyncio.Event().wait()


def run(main, **options):
    return tasks.run(main, engine="inline", log_level="error", **{"num_workers": 2, **options})


def on_thread(use):
    """Return what a function of an executor, on a thread of its own, returns."""

    async def main(runtime):
        return await asyncio.to_thread(use, runtime.executor())

    return run(main)


def test_submitted_function_returns_its_result():
    assert on_thread(lambda executor: executor.submit(square, 3).result()) == 9


def test_error_of_a_submitted_function_is_that_of_its_future():
    def use(executor):
        return executor.submit(fail, "wrong").exception()

    error = on_thread(use)
    assert isinstance(error, ValueError)
    assert str(error) == "wrong"


def test_keywords_of_the_runtime_are_passed_on():
    def use(executor):
        return executor.submit(keywords, timeout=1, runtime=2, lazy=3).result()

    assert on_thread(use) == {"timeout": 1, "runtime": 2, "lazy": 3}


def test_wait_returns_all_futures():
    def use(executor):
        futures = [executor.submit(square, x) for x in range(5)]
        done, not_done = wait(futures, return_when=ALL_COMPLETED)
        return sorted(future.result() for future in done), not_done

    assert on_thread(use) == ([0, 1, 4, 9, 16], set())


def test_as_completed_returns_each_future():
    def use(executor):
        futures = [executor.submit(square, x) for x in range(5)]
        return sorted(future.result() for future in as_completed(futures))

    assert on_thread(use) == [0, 1, 4, 9, 16]


def test_map_can_be_passed_to_a_library_as_workers():
    def minimize(function, candidates, workers):
        return min(workers(function, candidates))

    assert on_thread(lambda executor: minimize(square, [3, 2, 4], executor.map)) == 4


def test_map_takes_several_iterables():
    assert on_thread(lambda executor: list(executor.map(pow, [2, 3], [3, 2]))) == [8, 9]


def test_run_in_executor_can_be_awaited():
    async def main(runtime):
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(runtime.executor(), square, 5)

    assert run(main) == 25


def test_argument_that_cannot_be_pickled_fails_the_future():
    error = on_thread(lambda executor: executor.submit(square, Lock()).exception())
    assert isinstance(error, tasks.SerialisationError)


def test_cancelled_future_cancels_its_task():
    def use(executor):
        future = executor.submit(for_ever)
        assert future.cancel()
        with pytest.raises(CancelledError):
            future.result()

    on_thread(use)


def test_end_of_the_run_cancels_pending_futures():
    async def main(runtime):
        return runtime.executor().submit(for_ever)

    future = run(main)
    assert future.cancelled()


def test_result_on_the_thread_of_the_event_loop_is_refused():
    async def main(runtime):
        future = runtime.executor().submit(square, 2)
        with pytest.raises(RuntimeError, match="would block the event loop"):
            future.result()
        with pytest.raises(RuntimeError, match="would block the event loop"):
            future.exception()
        return await asyncio.wrap_future(future), future.result()

    assert run(main) == (4, 4)


def test_leaving_the_executor_waits_for_its_functions():
    def use(executor):
        with executor:
            futures = [executor.submit(square, x) for x in range(3)]
        return [future.done() for future in futures]

    assert on_thread(use) == [True, True, True]


def test_shut_down_executor_accepts_no_functions():
    def use(executor):
        executor.shutdown()
        with pytest.raises(RuntimeError, match="was shut down"):
            executor.submit(square, 1)

    on_thread(use)


def test_shutdown_can_cancel_functions():
    def use(executor):
        future = executor.submit(for_ever)
        executor.shutdown(cancel_futures=True)
        return future.cancelled()

    assert on_thread(use)


def test_shutdown_that_would_block_the_event_loop_is_refused():
    async def main(runtime):
        executor = runtime.executor()
        executor.submit(for_ever)
        with pytest.raises(RuntimeError, match="1 functions of an executor have not ended"):
            executor.shutdown()

    run(main)
