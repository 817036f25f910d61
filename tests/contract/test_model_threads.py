"""Contract of ModelThreads."""

import contextlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import Queue, SimpleQueue

import pytest

from adapters.in_memory.model_threads import InMemoryModelThreads
from adapters.system import model_threads
from adapters.system.model_threads import PythonModelThreads
from application.interfaces.model_threads import ModelThreads
from tests.support.conditions import PATIENCE, wait_until


@contextlib.contextmanager
def running(target: Callable[[], object], *, daemon: bool = True) -> Iterator[threading.Thread]:
    """Run a thread, which must end when the block does."""
    thread = threading.Thread(target=target, name="model", daemon=daemon)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(PATIENCE)
        assert not thread.is_alive()


class Marker:
    """Takes the part of an instance."""


INSTANCE = Marker()


class Computation:
    """Uses an instance, and computes until it is told to end."""

    def __init__(self, threads: "ModelThreads | None" = None) -> None:
        self._threads = threads
        self._is_begun = threading.Event()
        self.may_end = False

    def has_begun(self) -> bool:
        return self._is_begun.is_set()

    def __call__(self) -> None:
        if self._threads is not None:
            self._threads.note_use()
        self._is_begun.set()
        while not self.may_end:
            time.sleep(0.001)

    @contextlib.contextmanager
    def running(self, *, daemon: bool = True) -> Iterator[threading.Thread]:
        with running(self, daemon=daemon) as thread:
            assert self._is_begun.wait(PATIENCE)
            try:
                yield thread
            finally:
                self.may_end = True


def send() -> None:
    assert INSTANCE


class ModelThreadsContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def open(self) -> ModelThreads:
        """Return the threads of a new instance."""

    @pytest.fixture
    def threads(self) -> ModelThreads:
        return self.open()

    def test_thread_that_uses_the_instance_is_active_unless_it_waits(self, threads):
        threads.note_use()
        assert not threads.all_wait()
        with threads.waiting():
            assert threads.all_wait()
        assert not threads.all_wait()

    def test_other_thread_that_used_the_instance_and_computes_is_active(self, threads):
        with threads.waiting():
            with Computation(threads).running():
                assert not threads.all_wait()
            assert threads.all_wait()

    def test_all_threads_wait_if_each_waits_for_a_peer(self, threads):
        may_end, waits = threading.Event(), threading.Event()

        def wait_for_peer() -> None:
            threads.note_use()
            with threads.waiting():
                waits.set()
                may_end.wait(PATIENCE)

        threads.note_use()
        with running(wait_for_peer):
            assert waits.wait(PATIENCE)
            with threads.waiting():
                assert threads.all_wait()
            may_end.set()

    def test_daemon_that_never_used_the_instance_is_ignored(self, threads):
        threads.note_use()
        with Computation().running(), threads.waiting():
            assert threads.all_wait()


class TestInMemoryModelThreads(ModelThreadsContract):
    def open(self):
        return InMemoryModelThreads()


def lock_wait() -> tuple[Callable[[], object], Callable[[], object]]:
    lock = threading.Lock()
    lock.acquire()
    return lock.acquire, lock.release


def event_wait() -> tuple[Callable[[], object], Callable[[], object]]:
    event = threading.Event()
    return event.wait, event.set


def queue_wait() -> tuple[Callable[[], object], Callable[[], object]]:
    queue: Queue[int] = Queue()
    return queue.get, lambda: queue.put(1)


def simple_queue_wait() -> tuple[Callable[[], object], Callable[[], object]]:
    queue: SimpleQueue[int] = SimpleQueue()
    return queue.get, lambda: queue.put(1)


def future_wait() -> tuple[Callable[[], object], Callable[[], object]]:
    future: Future[int] = Future()
    return future.result, lambda: future.set_result(1)


def event_wait_with_timeout() -> tuple[Callable[[], object], Callable[[], object]]:
    event = threading.Event()
    return lambda: event.wait(PATIENCE), event.set


WAITS = [lock_wait, event_wait, queue_wait, simple_queue_wait, future_wait]


class TestPythonModelThreads(ModelThreadsContract):
    def open(self):
        return PythonModelThreads(lambda value: value is INSTANCE)

    @contextlib.contextmanager
    def user_in(self, threads, make_wait) -> Iterator[None]:
        """Run a thread that uses the instance, and then makes a call that waits."""
        wait, end_wait = make_wait()

        def use_and_wait() -> None:
            threads.note_use()
            wait()

        with running(use_and_wait), threads.waiting():
            try:
                yield
            finally:
                end_wait()

    @pytest.mark.parametrize("make_wait", WAITS)
    def test_thread_that_waits_for_another_thread_is_not_active(self, threads, make_wait):
        with self.user_in(threads, make_wait):
            wait_until(threads.all_wait)

    @pytest.mark.parametrize("make_wait", [event_wait, queue_wait, future_wait])
    def test_waits_are_recognised_without_the_system_call(self, threads, make_wait, monkeypatch):
        monkeypatch.setattr(model_threads, "_FUTEX", {})
        with self.user_in(threads, make_wait):
            wait_until(threads.all_wait)

    @pytest.mark.parametrize("is_recognised_by_system_call", [True, False])
    def test_thread_that_waits_with_a_timeout_is_active(
        self, threads, monkeypatch, is_recognised_by_system_call
    ):
        if not is_recognised_by_system_call:
            monkeypatch.setattr(model_threads, "_FUTEX", {})
        with self.user_in(threads, event_wait_with_timeout):
            assert not threads.all_wait()

    def test_thread_that_is_joined_may_be_the_one_that_continues(self, threads):
        computation = Computation()
        with (
            computation.running() as computing,
            self.user_in(threads, lambda: (computing.join, lambda: None)),
        ):
            assert not threads.all_wait()
            computation.may_end = True

    def test_thread_that_is_not_a_daemon_may_use_the_instance(self, threads):
        with threads.waiting(), Computation().running(daemon=False):
            assert not threads.all_wait()

    def test_daemon_whose_code_refers_to_the_instance_may_use_it(self, threads):
        computation = Computation()

        def compute_and_send() -> None:
            computation()
            send()

        with threads.waiting(), running(compute_and_send):
            wait_until(computation.has_begun)
            assert not threads.all_wait()
            computation.may_end = True

    def test_own_threads_are_ignored(self, threads):
        with threads.waiting(), Computation(threads).running() as thread:
            thread.name = "conjoin-reports-macro"
            assert threads.all_wait()
