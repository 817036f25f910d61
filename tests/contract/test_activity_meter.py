"""Contract of ActivityMeter."""

import subprocess
import sys
from abc import ABC, abstractmethod

import pytest

from adapters.in_memory.activity_meter import InMemoryActivityMeter
from adapters.processes.activity_meter import ProcfsActivityMeter
from application.interfaces.activity_meter import ActivityMeter
from domain.running.activity import ProcessSample


class ActivityMeterContract(ABC):
    """Subclassed for each adapter."""

    @abstractmethod
    def start(self) -> int:
        """Start a program; return its process id."""

    @abstractmethod
    def end(self, pid: int) -> None:
        """End a program."""

    def test_each_running_program_is_sampled(self, meter: ActivityMeter) -> None:
        one, other = self.start(), self.start()
        assert set(meter.sample({"a": one, "b": other})) == {"a", "b"}
        self.end(other)
        assert set(meter.sample({"a": one, "b": other})) == {"a"}

    def test_no_programs_have_no_samples(self, meter: ActivityMeter) -> None:
        assert meter.sample({}) == {}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs procfs")
class TestProcfsActivityMeter(ActivityMeterContract):
    @pytest.fixture
    def meter(self):
        self.programs = {}
        yield ProcfsActivityMeter()
        for program in self.programs.values():
            program.kill()
            program.wait()

    def start(self) -> int:
        program = subprocess.Popen(["sleep", "1000"])
        self.programs[program.pid] = program
        return program.pid

    def end(self, pid: int) -> None:
        self.programs[pid].kill()
        self.programs[pid].wait()


class TestInMemoryActivityMeter(ActivityMeterContract):
    @pytest.fixture
    def meter(self):
        self.in_memory = InMemoryActivityMeter()
        return self.in_memory

    def start(self) -> int:
        pid = len(self.in_memory.samples) + 1
        self.in_memory.samples[pid] = ProcessSample(0, "S")
        return pid

    def end(self, pid: int) -> None:
        del self.in_memory.samples[pid]
