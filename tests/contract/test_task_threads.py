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


class TestPooledTaskThreads(TaskThreadsContract):
    def make(self):
        return PooledTaskThreads()
