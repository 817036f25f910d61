"""Calls of sync methods and functions, with the engine `inline`."""

import asyncio
import threading

import pytest

import entrypoints.runtime as tasks
from domain.runtime.task_errors import RemoteError

gates = {}


@tasks.tessera
class Book:
    """Keeps the lines that it gets, and the threads on which it runs."""

    def __init__(self):
        self.lines = []
        self.threads = []

    def add(self, line):
        self.lines.append(line)
        return self.lines

    def object_after(self, line):
        self.lines.append(line)
        return Lines(self.lines)

    def where(self):
        self.threads.append(threading.get_ident())

    def threads_used(self):
        return self.threads

    def wait(self):
        gates["started"].set()
        gates["open"].wait(30)

    def fail(self):
        raise ValueError("no")

    def leave(self):
        raise SystemExit(3)

    def later(self):
        async def wait():
            await asyncio.sleep(0)
            return "later"

        return wait()

    def take(self, other):
        self.other = other

    def give(self):
        return self.other

    async def line_count(self):
        return len(self.lines)


class Lines:
    """An object that is not plain."""

    def __init__(self, lines):
        self.lines = lines


def run(main):
    """Run a coroutine function with one book."""

    async def with_book(runtime):
        return await main(await Book.remote(), runtime)

    return tasks.run(with_book, engine="inline", num_workers=1, log_level="error")


def test_plain_result_is_pickled_before_the_next_call_changes_it():
    async def main(book, _runtime):
        return await asyncio.gather(*(book.add(number).result() for number in range(3)))

    assert run(main) == [[0], [0, 1], [0, 1, 2]]


def test_object_is_pickled_before_the_next_call_changes_it():
    async def main(book, _runtime):
        made = await asyncio.gather(*(book.object_after(number).result() for number in range(3)))
        return [item.lines for item in made]

    assert run(main) == [[0], [0, 1], [0, 1, 2]]


def test_calls_that_wait_for_an_actor_run_on_one_thread():
    async def main(book, _runtime):
        await asyncio.gather(*(book.where().result() for _ in range(20)))
        return await book.threads_used().result()

    used = run(main)
    assert len(used) == 20
    assert threading.get_ident() not in used


def test_sync_and_async_calls_run_in_order():
    async def main(book, _runtime):
        calls = [call for number in range(3) for call in (book.add(number), book.line_count())]
        results = await asyncio.gather(*(call.result() for call in calls))
        return results[1::2]

    assert run(main) == [1, 2, 3]


def test_error_of_a_call_does_not_stop_the_next():
    async def main(book, _runtime):
        failing, following = book.fail(), book.add(1)
        with pytest.raises(ValueError, match="no"):
            await failing
        return await following.result()

    assert run(main) == [1]


def test_exit_of_a_call_is_a_remote_error():
    async def main(book, _runtime):
        with pytest.raises(RemoteError, match=r"Book\.leave raised SystemExit"):
            await book.leave()

    run(main)


def test_coroutine_that_a_sync_method_returns_is_awaited():
    async def main(book, _runtime):
        return await book.later().result()

    assert run(main) == "later"


def test_proxy_in_a_result_arrives():
    async def main(book, _runtime):
        await book.take(await Book.remote())
        other = await book.give().result()
        return await other.add(5).result()

    assert run(main) == [5]


def test_call_that_waits_behind_a_running_one_can_be_cancelled():
    async def main(book, _runtime):
        gates.update(started=threading.Event(), open=threading.Event())
        running, waiting, last = book.wait(), book.add(1), book.add(2)
        await asyncio.to_thread(gates["started"].wait, 30)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0.01)  # its worker is informed
        gates["open"].set()
        await running
        return await last.result()

    assert run(main) == [2]


def test_task_that_runs_for_a_while_is_reported_as_running():
    async def main(book, _runtime):
        gates.update(started=threading.Event(), open=threading.Event())
        task = book.wait()
        while task.state != "running":
            await asyncio.sleep(0)
        gates["open"].set()
        await task
        return task.state

    assert run(main) == "done"


def test_functions_run_one_at_a_time():
    async def main(_book, runtime):
        gates.update(started=threading.Event(), open=threading.Event())
        first = runtime.submit(wait_for_gate)
        others = [runtime.submit(abs, -number) for number in range(3)]
        await asyncio.to_thread(gates["started"].wait, 30)
        assert not any(other.state == "done" for other in others)
        gates["open"].set()
        await first
        return await asyncio.gather(*(other.result() for other in others))

    assert run(main) == [0, 1, 2]


def test_cancelled_function_that_waits_never_runs():
    async def main(_book, runtime):
        gates.update(started=threading.Event(), open=threading.Event(), ran=[])
        first, second = runtime.submit(wait_for_gate), runtime.submit(note_run)
        others = [runtime.submit(abs, -1) for _ in range(10)]
        last = runtime.submit(note_run)
        await asyncio.to_thread(gates["started"].wait, 30)
        second.cancel()
        last.cancel()
        await asyncio.sleep(0.01)  # its worker is informed
        gates["open"].set()
        await first
        await asyncio.gather(*(other.result() for other in others))
        return gates["ran"]

    assert run(main) == []


def wait_for_gate():
    """Wait until the test opens the gate."""
    gates["started"].set()
    gates["open"].wait(30)


def note_run():
    """Note that it ran."""
    gates["ran"].append(1)
