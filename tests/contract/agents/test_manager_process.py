"""Contract of ManagerProcess."""

import contextlib
import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pytest

from adapters.in_memory.manager_process import InMemoryManagerProcess
from adapters.processes.manager_process import LinuxManagerProcess
from application.interfaces.agents import ManagerProcess
from tests.support.conditions import wait_until


class ManagerProcessContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def open(self) -> "contextlib.AbstractContextManager[ManagerProcess]":
        """Run a manager."""

    @abstractmethod
    def set_suspended(self, suspended: bool) -> None:
        """Suspend the manager, or let it continue."""

    @pytest.fixture
    def manager(self) -> Iterator[ManagerProcess]:
        with self.open() as manager:
            yield manager

    def test_running_manager_is_not_suspended(self, manager):
        wait_until(lambda: not manager.is_suspended())

    def test_manager_is_suspended_until_it_continues(self, manager):
        self.set_suspended(True)
        wait_until(manager.is_suspended)
        self.set_suspended(False)
        wait_until(lambda: not manager.is_suspended())


class TestInMemoryManagerProcess(ManagerProcessContract):
    @contextlib.contextmanager
    def open(self):
        self.manager = InMemoryManagerProcess()
        yield self.manager

    def set_suspended(self, suspended):
        self.manager.suspended = suspended


class TestLinuxManagerProcess(ManagerProcessContract):
    @contextlib.contextmanager
    def open(self):
        code = "import threading; threading.Thread(target=input).start(); input()"
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as self.process:
            try:
                yield LinuxManagerProcess(self.process.pid)
            finally:
                self.process.kill()

    def set_suspended(self, suspended):
        os.kill(self.process.pid, signal.SIGSTOP if suspended else signal.SIGCONT)

    def test_manager_that_has_ended_is_not_suspended(self, manager):
        self.process.kill()
        self.process.wait()
        assert not manager.is_suspended()

    def test_manager_on_another_machine_is_not_suspended(self):
        assert not LinuxManagerProcess(None).is_suspended()
