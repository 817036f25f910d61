"""Contract of ProcessWatch."""

import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.process_watch import InMemoryProcessWatch
from adapters.io.event_loop import EventLoop
from adapters.processes.process_watch import PidfdProcessWatch
from application.interfaces.process_watch import ProcessWatch
from domain.running.clients import Process
from tests.support.conditions import wait_until


class ProcessWatchContract(ABC):
    """Subclassed for each adapter."""

    @abstractmethod
    def start(self) -> Process:
        """Start a process."""

    @abstractmethod
    def end(self, process: Process) -> None:
        """End a process."""

    @abstractmethod
    def call(self, action: Callable[[], None]) -> None:
        """Do something on the services' thread, and wait until it is done."""

    @abstractmethod
    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until a condition is true."""

    def watched(self, watch: ProcessWatch, process: Process) -> list[int]:
        """Watch a process; return the list to which each callback adds its thread."""
        ends: list[int] = []
        self.call(lambda: watch.watch(process, lambda: ends.append(threading.get_ident())))
        return ends

    def test_end_of_a_process_is_noticed(self, watch: ProcessWatch) -> None:
        process, other = self.start(), self.start()
        ends, others = self.watched(watch, process), self.watched(watch, other)
        assert ends == []
        self.end(process)
        self.wait(lambda: len(ends) == 1)
        assert others == []
        self.end(other)
        self.wait(lambda: others == ends)

    def test_process_that_has_ended_already_is_noticed(self, watch: ProcessWatch) -> None:
        process = self.start()
        self.end(process)
        ends = self.watched(watch, process)
        self.wait(lambda: len(ends) == 1)

    def test_end_of_a_process_of_several_instances_is_reported_for_each(
        self, watch: ProcessWatch
    ) -> None:
        process = self.start()
        first, second = self.watched(watch, process), self.watched(watch, process)
        self.end(process)
        self.wait(lambda: len(first) == len(second) == 1)

    def test_close_is_idempotent(self, watch: ProcessWatch) -> None:
        self.watched(watch, self.start())
        watch.close()
        watch.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs descriptors of processes")
class TestPidfdProcessWatch(ProcessWatchContract):
    @pytest.fixture
    def watch(self) -> Iterator[ProcessWatch]:
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self.loop = EventLoop("services")
        self.loop.start()
        watch = PidfdProcessWatch(self.loop)
        yield watch
        watch.close()
        self.loop.close()
        for process in self.processes.values():
            process.kill()
            process.wait()

    def start(self) -> Process:
        process = subprocess.Popen(["sleep", "1000"])
        self.processes[process.pid] = process
        stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii")
        return Process(process.pid, int(stat.rpartition(")")[2].split()[19]))

    def end(self, process: Process) -> None:
        self.processes[process.pid].kill()
        self.processes[process.pid].wait()

    def call(self, action: Callable[[], None]) -> None:
        done = threading.Event()
        self.loop.call_soon(lambda: (action(), done.set()))
        assert done.wait(60)

    def wait(self, until: Callable[[], bool]) -> None:
        wait_until(until)


class TestInMemoryProcessWatch(ProcessWatchContract):
    @pytest.fixture
    def watch(self) -> ProcessWatch:
        self.clock = ManualClock()
        self.started = 0
        self.in_memory = InMemoryProcessWatch(self.clock)
        return self.in_memory

    def start(self) -> Process:
        self.started += 1
        return Process(self.started, 0)

    def end(self, process: Process) -> None:
        self.in_memory.end(process)

    def call(self, action: Callable[[], None]) -> None:
        action()

    def wait(self, until: Callable[[], bool]) -> None:
        self.clock.advance(1.0)
        assert until()
