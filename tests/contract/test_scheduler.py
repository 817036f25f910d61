"""Contract of Scheduler: an event loop and a manual clock."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from unittest import mock

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.io import event_loop
from adapters.io.event_loop import EventLoop
from application.interfaces.clock import Scheduler
from tests.support.conditions import wait_until


class SchedulerContract(ABC):
    """Subclass it for each scheduler."""

    @abstractmethod
    def pass_time(self, scheduler: Scheduler, until: Callable[[], bool]) -> None:
        """Let time pass until a condition is true."""

    @abstractmethod
    def with_stopped_clock(self) -> AbstractContextManager[object]:
        """Stop the scheduler's clock."""

    def on_its_thread(self, scheduler: Scheduler, action: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            action()
            done.set()

        scheduler.call_soon(run)
        self.pass_time(scheduler, done.is_set)

    def test_delayed_calls_are_made_in_order_of_their_times(self, scheduler: Scheduler) -> None:
        made: list[str] = []

        def schedule() -> None:
            with self.with_stopped_clock():
                scheduler.call_later(0.03, lambda: made.append("later"))
                scheduler.call_later(0.01, lambda: made.append("sooner"))

        self.on_its_thread(scheduler, schedule)
        self.pass_time(scheduler, lambda: len(made) == 2)
        assert made == ["sooner", "later"]

    def test_cancelled_call_is_not_made(self, scheduler: Scheduler) -> None:
        made: list[str] = []

        def schedule() -> None:
            scheduler.call_later(0.01, lambda: made.append("cancelled")).cancel()
            scheduler.call_later(0.02, lambda: made.append("not"))

        self.on_its_thread(scheduler, schedule)
        self.pass_time(scheduler, lambda: bool(made))
        assert made == ["not"]

    def test_call_soon_keeps_the_order(self, scheduler: Scheduler) -> None:
        made: list[int] = []
        for number in range(100):
            scheduler.call_soon(lambda number=number: made.append(number))  # type: ignore[misc]
        self.pass_time(scheduler, lambda: len(made) == 100)
        assert made == list(range(100))

    def test_callback_may_schedule_calls(self, scheduler: Scheduler) -> None:
        made: list[int] = []

        def again() -> None:
            made.append(len(made))
            if len(made) < 3:
                scheduler.call_later(0.0, again)

        self.on_its_thread(scheduler, again)
        self.pass_time(scheduler, lambda: len(made) == 3)

    def test_all_calls_are_made_on_one_thread(self, scheduler: Scheduler) -> None:
        threads: set[int] = set()
        for _ in range(2):
            self.on_its_thread(scheduler, lambda: threads.add(threading.get_ident()))
        assert len(threads) == 1


class TestManualClock(SchedulerContract):
    @pytest.fixture
    def scheduler(self) -> Scheduler:
        return ManualClock()

    def pass_time(self, scheduler: Scheduler, until: Callable[[], bool]) -> None:
        assert isinstance(scheduler, ManualClock)
        for _ in range(100):
            if until():
                return
            scheduler.advance(0.01)
        pytest.fail("timed out")

    def with_stopped_clock(self) -> AbstractContextManager[object]:
        return nullcontext()


class TestEventLoop(SchedulerContract):
    @pytest.fixture
    def scheduler(self) -> Iterator[Scheduler]:
        loop = EventLoop("loop")
        loop.start()
        yield loop
        loop.close()

    def pass_time(self, scheduler: Scheduler, until: Callable[[], bool]) -> None:
        wait_until(until)

    def with_stopped_clock(self) -> AbstractContextManager[object]:
        now = time.monotonic()
        return mock.patch.object(event_loop, "time", SimpleNamespace(monotonic=lambda: now))
