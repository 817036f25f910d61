"""What every Clock promises."""

import time
from abc import ABC, abstractmethod

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.system.clock import SystemClock
from application.interfaces.clock import Clock


class ClockContract(ABC):
    """To be subclassed for each adapter."""

    @pytest.fixture
    @abstractmethod
    def clock(self) -> Clock:
        """Return a clock."""

    @abstractmethod
    def pass_time(self, clock: Clock) -> None:
        """Let a moment pass."""

    def test_time_goes_on_and_never_back(self, clock):
        moments = []
        for _ in range(3):
            moments.append(clock.monotonic())
            self.pass_time(clock)
        assert moments == sorted(set(moments))

    def test_time_is_in_seconds_since_the_epoch(self, clock):
        assert 1.6e9 < clock.time() < 1e10

    def test_nanoseconds_are_whole_and_tell_the_same_time(self, clock):
        nanoseconds = clock.time_ns()
        assert isinstance(nanoseconds, int)
        assert nanoseconds / 1e9 == pytest.approx(clock.time(), abs=60)

    def test_it_stays_in_step(self, clock):
        before = clock.time_ns(), clock.monotonic()
        self.pass_time(clock)
        passed = clock.time_ns() - before[0], clock.monotonic() - before[1]
        assert passed[0] / 1e9 == pytest.approx(passed[1], abs=60)


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return SystemClock()

    def pass_time(self, clock):
        time.sleep(0.002)


class TestManualClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return ManualClock()

    def pass_time(self, clock):
        clock.advance(0.002)
