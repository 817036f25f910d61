"""Contract of Clock."""

import time

from adapters.in_memory.clock import ManualClock
from adapters.system.clock import SystemClock
from conjoin.testing import ClockContract


class TestSystemClock(ClockContract):
    def make(self):
        return SystemClock()

    def pass_time(self, clock):
        time.sleep(0.002)


class TestManualClock(ClockContract):
    def make(self):
        return ManualClock()

    def pass_time(self, clock):
        clock.advance(0.002)
