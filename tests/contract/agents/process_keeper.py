"""Contract of ProcessKeeper."""

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import pytest

from application.interfaces.agents import ProcessKeeper
from domain.running.agents import StartCommand
from domain.running.process_end import Exited, Killed, ProcessResult

LONG = 30.0


class ProcessKeeperContract(ABC):
    """Subclass it for each adapter, with the programs to start."""

    @abstractmethod
    def ending(self, exit_code: int) -> tuple[str, ...]:
        """Return the arguments of a program that exits immediately with a code."""

    @abstractmethod
    def running(self) -> tuple[str, ...]:
        """Return the arguments of a program that runs until SIGTERM."""

    @abstractmethod
    def stubborn(self) -> tuple[str, ...]:
        """Return the arguments of a program that ignores SIGTERM."""

    @abstractmethod
    def missing(self) -> tuple[str, ...]:
        """Return the arguments of a program that does not exist."""

    def wait_until_running(self, command: StartCommand) -> None:  # noqa: B027 - optional
        """Wait until a running program has started (and has installed its signal handlers)."""

    @pytest.fixture
    def command(self, tmp_path: Path) -> Callable[..., StartCommand]:
        def make(name: str, args: tuple[str, ...], **changes: object) -> StartCommand:
            values: dict[str, object] = {
                "work_dir": tmp_path,
                "env": dict(os.environ),
                "stdout": tmp_path / f"{name}.out",
                "stderr": tmp_path / f"{name}.err",
            }
            return StartCommand(name=name, args=args, **(values | changes))  # type: ignore[arg-type]

        return make

    @pytest.mark.parametrize("exit_code", [0, 1, 42, 255])
    def test_exit_code_is_reported(self, keeper: ProcessKeeper, command, exit_code) -> None:
        keeper.start(command("a", self.ending(exit_code)))
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Exited(exit_code))]

    def test_process_end_is_reported_once(self, keeper: ProcessKeeper, command) -> None:
        keeper.start(command("a", self.ending(0)))
        assert keeper.wait_finished(timeout=LONG)
        assert keeper.wait_finished(timeout=0.0) == []

    def test_ends_of_all_processes_are_reported(self, keeper: ProcessKeeper, command) -> None:
        names = {f"p{number}" for number in range(10)}
        for name in names:
            keeper.start(command(name, self.ending(3)))
        finished: list[ProcessResult] = []
        while len(finished) < len(names):
            found = keeper.wait_finished(timeout=LONG)
            assert found
            finished += found
        assert len(finished) == len(names)
        assert set(finished) == {ProcessResult(name, Exited(3)) for name in names}

    def test_wait_ends_after_the_timeout(self, keeper: ProcessKeeper, command) -> None:
        keeper.start(command("a", self.running()))
        assert keeper.wait_finished(timeout=0.01) == []

    def test_wait_without_processes_ends_after_the_timeout(self, keeper: ProcessKeeper) -> None:
        assert keeper.wait_finished(timeout=0.01) == []

    def test_missing_program_is_an_error(self, keeper: ProcessKeeper, command) -> None:
        with pytest.raises(OSError, match=self.missing()[0]):
            keeper.start(command("a", self.missing()))
        assert keeper.wait_finished(timeout=0.0) == []

    def test_cancel_sends_sigterm_to_all_processes(self, keeper: ProcessKeeper, command) -> None:
        commands = [command(name, self.running()) for name in "ab"]
        for one in commands:
            keeper.start(one)
        for one in commands:
            self.wait_until_running(one)
        keeper.cancel_all(grace_time=LONG)
        assert self.collect(keeper, 2) == [ProcessResult(name, Killed(15)) for name in "ab"]

    def test_stubborn_process_is_killed_after_the_grace_time(
        self, keeper: ProcessKeeper, command
    ) -> None:
        one = command("a", self.stubborn())
        keeper.start(one)
        self.wait_until_running(one)
        keeper.cancel_all(grace_time=0.1)
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Killed(9))]

    def test_cancel_without_processes_does_nothing(self, keeper: ProcessKeeper) -> None:
        keeper.cancel_all(grace_time=0.0)
        assert keeper.wait_finished(timeout=0.0) == []

    def test_process_can_be_started_after_a_cancel(self, keeper: ProcessKeeper, command) -> None:
        keeper.cancel_all(grace_time=0.0)
        keeper.start(command("a", self.ending(1)))
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Exited(1))]

    def test_name_of_an_ended_process_can_be_reused(self, keeper: ProcessKeeper, command) -> None:
        for exit_code in (1, 2):
            keeper.start(command("a", self.ending(exit_code)))
            assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Exited(exit_code))]

    def test_wake_up_ends_a_wait(self, keeper: ProcessKeeper) -> None:
        results: list[list[ProcessResult]] = []
        thread = threading.Thread(
            target=lambda: results.append(keeper.wait_finished(timeout=None)), name="waiter"
        )
        thread.start()
        keeper.wake_up()
        thread.join(LONG)
        assert results == [[]]

    def test_waiting_thread_is_notified_of_a_process_started_later(
        self, keeper: ProcessKeeper, command
    ) -> None:
        results: list[list[ProcessResult]] = []
        thread = threading.Thread(
            target=lambda: results.append(keeper.wait_finished(timeout=None)), name="waiter"
        )
        thread.start()
        keeper.start(command("a", self.ending(5)))
        thread.join(LONG)
        assert results == [[ProcessResult("a", Exited(5))]]

    def test_waiting_thread_is_notified_of_a_killed_process(
        self, keeper: ProcessKeeper, command
    ) -> None:
        one = command("a", self.stubborn())
        keeper.start(one)
        self.wait_until_running(one)
        results: list[list[ProcessResult]] = []
        thread = threading.Thread(
            target=lambda: results.append(keeper.wait_finished(timeout=None)), name="waiter"
        )
        thread.start()
        keeper.cancel_all(grace_time=0.05)
        thread.join(LONG)
        assert results == [[ProcessResult("a", Killed(9))]]

    def test_close_ends_running_processes_and_is_idempotent(
        self, keeper: ProcessKeeper, command
    ) -> None:
        one = command("a", self.stubborn())
        keeper.start(one)
        self.wait_until_running(one)
        keeper.close()
        keeper.close()

    @staticmethod
    def collect(keeper: ProcessKeeper, count: int) -> list[ProcessResult]:
        finished: list[ProcessResult] = []
        while len(finished) < count:
            found = keeper.wait_finished(timeout=LONG)
            assert found, f"only these processes ended: {finished}"
            finished += found
        return sorted(finished, key=lambda result: result.name)
