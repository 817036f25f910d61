"""Contract of Worker."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.worker import InlineWorker
from adapters.io.event_loop import EventLoop
from adapters.threads.worker import ThreadWorker
from application.interfaces.worker import Worker
from tests.support.conditions import PATIENCE, wait_until


class Outcome:
    """Records the results and errors of work."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.results: list[object] = []
        self.errors: list[Exception] = []
        self.threads: list[threading.Thread] = []
        self._changed = threading.Condition()

    def run(self, work: Callable[[], object]) -> None:
        self.worker.run(
            work,
            done=lambda result: self._note(self.results.append, result),
            failed=lambda error: self._note(self.errors.append, error),
        )

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(
                lambda: len(self.results) + len(self.errors) >= count, PATIENCE
            )

    def _note(self, action: Callable[..., object], value: object) -> None:
        with self._changed:
            action(value)
            self.threads.append(threading.current_thread())
            self._changed.notify_all()


class WorkerContract(ABC):
    """Subclass it for each adapter."""

    @pytest.fixture
    def outcome(self):
        worker = self.open()
        yield Outcome(worker)
        worker.close()
        self.close()

    @abstractmethod
    def open(self) -> Worker:
        """Return a new worker."""

    @abstractmethod
    def close(self) -> None:
        """Release the resources of the worker, after it is closed."""

    @abstractmethod
    def is_right_thread(self, thread: threading.Thread) -> bool:
        """Return whether callbacks are expected on the given thread."""

    def test_result_is_passed_on(self, outcome):
        outcome.run(lambda: 6 * 7)
        outcome.wait_for(1)
        assert (outcome.results, outcome.errors) == ([42], [])

    def test_exception_is_passed_on(self, outcome):
        outcome.run(lambda: 1 / 0)
        outcome.wait_for(1)
        (error,) = outcome.errors
        assert isinstance(error, ZeroDivisionError)
        assert outcome.results == []

    def test_work_is_done_in_order(self, outcome):
        done: list[int] = []
        for number in range(20):
            outcome.run(lambda number=number: done.append(number) or number)
        outcome.wait_for(20)
        assert outcome.results == done == list(range(20))

    def test_worker_continues_after_an_exception(self, outcome):
        outcome.run(lambda: 1 / 0)
        outcome.run(lambda: "well")
        outcome.wait_for(2)
        assert outcome.results == ["well"]

    def test_callbacks_are_called_on_the_services_thread(self, outcome):
        outcome.run(lambda: 1)
        outcome.run(lambda: 1 / 0)
        outcome.wait_for(2)
        assert all(map(self.is_right_thread, outcome.threads))

    def test_callback_may_run_more_work(self, outcome):
        outcome.worker.run(
            lambda: "first", done=lambda _: outcome.run(lambda: "second"), failed=_fail
        )
        outcome.wait_for(1)
        assert outcome.results == ["second"]

    def test_closed_worker_does_nothing(self, outcome):
        outcome.worker.close()
        outcome.worker.close()
        outcome.run(_fail)
        assert (outcome.results, outcome.errors) == ([], [])


def _fail(error: object = None) -> None:
    raise AssertionError(error)


class TestThreadWorker(WorkerContract):
    def open(self):
        self.loop = EventLoop("services")
        self.loop.start()
        return ThreadWorker("worker", scheduler=self.loop)

    def close(self):
        self.loop.close()

    def is_right_thread(self, thread):
        return thread.name == "services"

    def test_work_runs_on_a_separate_thread(self, outcome):
        outcome.run(lambda: threading.current_thread().name)
        outcome.wait_for(1)
        assert outcome.results == ["worker"]

    def test_close_waits_for_running_work_and_drops_queued_work(self, outcome):
        begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

        def work():
            begun.set()
            may_end.wait(PATIENCE)
            ended.set()

        outcome.run(work)
        outcome.run(_fail)
        assert begun.wait(PATIENCE)
        closing = threading.Thread(target=outcome.worker.close)
        closing.start()
        may_end.set()
        closing.join(PATIENCE)
        assert ended.is_set()
        assert outcome.errors == []

    def test_close_gives_up_on_work_that_is_blocked(self):
        worker = ThreadWorker("worker", scheduler=ManualClock(), close_time=0.01)
        may_end, ended = threading.Event(), threading.Event()
        worker.run(lambda: (may_end.wait(PATIENCE), ended.set()), done=lambda _: None, failed=_fail)
        worker.close()
        assert not ended.is_set()
        may_end.set()
        wait_until(lambda: "worker" not in {thread.name for thread in threading.enumerate()})

    def test_worker_starts_no_thread_without_work(self):
        worker = ThreadWorker("worker", scheduler=ManualClock())
        worker.close()
        assert "worker" not in {thread.name for thread in threading.enumerate()}


class TestInlineWorker(WorkerContract):
    def open(self):
        return InlineWorker()

    def close(self):
        pass

    def is_right_thread(self, thread):
        return thread is threading.current_thread()

    def test_busy_worker_queues_work_until_work_off(self):
        outcome = Outcome(InlineWorker(is_busy=True))
        outcome.run(lambda: 1)
        assert outcome.results == []
        outcome.worker.work_off()
        assert outcome.results == [1]
