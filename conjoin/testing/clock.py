"""The contract of `Clock`."""

from abc import ABC, abstractmethod

import pytest

from conjoin.interfaces import Clock


class ClockContract(ABC):
    """Tests for a clock."""

    @abstractmethod
    def make(self) -> Clock:
        """Return a new clock."""

    @abstractmethod
    def pass_time(self, clock: Clock) -> None:
        """Wait until a short time has passed on the clock."""

    @pytest.fixture
    def clock(self) -> Clock:
        return self.make()

    def test_monotonic_time_increases(self, clock: Clock) -> None:
        times = []
        for _ in range(3):
            times.append(clock.monotonic())
            self.pass_time(clock)
        assert times == sorted(set(times))

    def test_time_is_in_seconds_since_the_epoch(self, clock: Clock) -> None:
        assert 1.6e9 < clock.time() < 1e10

    def test_nanoseconds_are_an_integer_and_match_the_time(self, clock: Clock) -> None:
        nanoseconds = clock.time_ns()
        assert isinstance(nanoseconds, int)
        assert nanoseconds / 1e9 == pytest.approx(clock.time(), abs=60)

    def test_nanoseconds_and_monotonic_time_advance_together(self, clock: Clock) -> None:
        before = clock.time_ns(), clock.monotonic()
        self.pass_time(clock)
        passed = clock.time_ns() - before[0], clock.monotonic() - before[1]
        assert passed[0] / 1e9 == pytest.approx(passed[1], abs=60)
