"""Our clock agrees with the clock of the operating system."""

import time

from adapters.system.clock import SystemClock


def test_clock_agrees_with_the_operating_system():
    clock = SystemClock()
    for ours, theirs in (
        (clock.time, time.time),
        (clock.time_ns, time.time_ns),
        (clock.monotonic, time.monotonic),
    ):
        before = theirs()
        now = ours()
        assert before <= now <= theirs()
