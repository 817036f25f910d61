"""Contract of TaskThreads."""

import asyncio
import contextvars
import threading

import pytest

from adapters.threads.task_threads import PooledTaskThreads

VARIABLE = contextvars.ContextVar("variable", default="")


class TaskThreadsContract:
    """Subclass it for each adapter."""

    def make(self):
        raise NotImplementedError

    def run(self, test):
        """Run an asynchronous function with threads."""

        async def main():
            threads = self.make()
            try:
                await test(threads)
            finally:
                threads.close()

        asyncio.run(main())

    def test_result_of_a_function_is_returned(self):
        async def test(threads):
            assert await threads.run(lambda: 3) == 3

        self.run(test)

    @pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)])
    def test_error_of_a_function_is_raised(self, error):
        async def test(threads):
            def fail():
                raise error

            with pytest.raises(type(error)):
                await threads.run(fail)

        self.run(test)

    def test_functions_do_not_wait_for_each_other(self):
        async def test(threads):
            both = threading.Barrier(2)
            await asyncio.gather(*(threads.run(lambda: both.wait(30)) for _ in range(2)))

        self.run(test)

    def test_function_does_not_run_on_the_thread_of_the_loop(self):
        async def test(threads):
            assert await threads.run(threading.get_ident) != threading.get_ident()

        self.run(test)

    def test_function_runs_in_the_context_of_the_caller(self):
        async def test(threads):
            VARIABLE.set("caller")
            assert await threads.run(VARIABLE.get) == "caller"

        self.run(test)

    def test_function_runs_to_its_end_after_its_await_is_cancelled(self):
        async def test(threads):
            gate, ended = threading.Event(), threading.Event()

            def work():
                gate.wait(30)
                ended.set()

            waiting = asyncio.ensure_future(threads.run(work))
            await asyncio.sleep(0)
            waiting.cancel()
            gate.set()
            await asyncio.get_running_loop().run_in_executor(None, ended.wait, 30)
            assert ended.is_set()

        self.run(test)

    def run_series(self, threads, step):
        """Run a series, and return the future of all its results."""
        results, ended = [], asyncio.get_running_loop().create_future()

        def done(result, goes_on):
            results.append(result)
            if not goes_on:
                ended.set_result(results)

        threads.run_series(step, done)
        return ended

    def test_series_runs_until_its_end_in_order(self):
        async def test(threads):
            numbers = iter(range(1000))

            def step():
                number = next(numbers)
                return number, number < 999

            assert await self.run_series(threads, step) == list(range(1000))

        self.run(test)

    def test_series_runs_on_one_thread_apart_from_the_loop(self):
        async def test(threads):
            numbers = iter(range(10))
            used = await self.run_series(
                threads, lambda: (threading.get_ident(), next(numbers) < 9)
            )
            assert len(set(used)) == 1
            assert threading.get_ident() not in used

        self.run(test)

    def test_results_of_a_series_arrive_while_it_runs(self):
        async def test(threads):
            gate, first = threading.Event(), asyncio.get_running_loop().create_future()
            numbers = iter(range(2))

            def step():
                number = next(numbers)
                if number:
                    gate.wait(30)
                return number, number == 0

            ended = asyncio.get_running_loop().create_future()

            def done(number, _goes_on):
                (ended if number else first).set_result(number)

            threads.run_series(step, done)
            assert await first == 0
            gate.set()
            assert await ended == 1

        self.run(test)

    def test_each_run_of_a_series_has_the_context_of_the_caller(self):
        async def test(threads):
            VARIABLE.set("caller")
            numbers = iter(range(3))

            def step():
                before = VARIABLE.get()
                VARIABLE.set("changed")
                return before, next(numbers) < 2

            assert await self.run_series(threads, step) == ["caller"] * 3

        self.run(test)

    def test_lock_excludes_other_threads(self):
        async def test(threads):
            lock, entered = threads.new_lock(), threading.Event()

            def enter():
                with lock:
                    entered.set()

            with lock:
                waiting = asyncio.ensure_future(threads.run(enter))
                assert not entered.wait(0.01)
            await waiting
            assert entered.is_set()

        self.run(test)


class TestPooledTaskThreads(TaskThreadsContract):
    def make(self):
        return PooledTaskThreads()
