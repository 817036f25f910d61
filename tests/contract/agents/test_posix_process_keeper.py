"""Tests of PosixProcessKeeper with real processes."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from adapters.processes.end_watch import PidfdWatch, ThreadWatch
from adapters.processes.process_keeper import PosixProcessKeeper
from application.interfaces.agents import ProcessKeeper
from domain.running.agents import StartCommand
from domain.running.process_end import Exited, Killed, ProcessResult
from tests.contract.agents.process_keeper import LONG, ProcessKeeperContract

READY = "echo ready >&2; "
SLEEP = "exec sleep 1000"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def shell(text: str) -> tuple[str, ...]:
    return ("/bin/bash", "-c", text)


PROCESS_WATCHES = [
    pytest.param(
        PidfdWatch, marks=pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="no pidfd")
    ),
    ThreadWatch,
]


class TestPosixProcessKeeper(ProcessKeeperContract):
    @pytest.fixture(params=PROCESS_WATCHES)
    def keeper(self, request: pytest.FixtureRequest) -> Iterator[ProcessKeeper]:
        before = psutil.Process().children()
        keeper = PosixProcessKeeper(watch=request.param())
        yield keeper
        keeper.close()
        assert psutil.Process().children() == before

    def ending(self, exit_code: int) -> tuple[str, ...]:
        return shell(f"exit {exit_code}")

    def running(self) -> tuple[str, ...]:
        return shell(READY + SLEEP)

    def stubborn(self) -> tuple[str, ...]:
        return shell(f"trap '' TERM; {READY} while true; do sleep 1000; done")

    def missing(self) -> tuple[str, ...]:
        return ("/no/such/program",)

    def wait_until_running(self, command: StartCommand) -> None:
        wait_for(lambda: "ready" in command.stderr.read_text())

    def test_signal_that_killed_a_process_is_reported(self, keeper: ProcessKeeper, command) -> None:
        keeper.start(command("a", shell("kill -SEGV $$")))
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Killed(11))]

    def test_output_overwrites_existing_files(self, keeper: ProcessKeeper, command) -> None:
        one = command("a", shell("echo out; echo err >&2"))
        one.stdout.write_text("something much longer that was there before")
        keeper.start(one)
        keeper.wait_finished(timeout=LONG)
        assert (one.stdout.read_text(), one.stderr.read_text()) == ("out\n", "err\n")

    def test_stdout_and_stderr_may_share_a_file(self, keeper: ProcessKeeper, command) -> None:
        one = command("a", shell("echo out; echo err >&2"))
        one = StartCommand(one.name, one.work_dir, one.args, one.env, one.stdout, one.stdout)
        keeper.start(one)
        keeper.wait_finished(timeout=LONG)
        assert one.stdout.read_text() == "out\nerr\n"

    def test_process_starts_in_its_working_directory(
        self, keeper: ProcessKeeper, command, tmp_path: Path
    ) -> None:
        directory = tmp_path / "a directory"
        directory.mkdir()
        one = command("a", shell("pwd"), work_dir=directory)
        keeper.start(one)
        keeper.wait_finished(timeout=LONG)
        assert one.stdout.read_text() == f"{directory}\n"

    def test_missing_working_directory_is_named_in_the_error(
        self, keeper: ProcessKeeper, command, tmp_path: Path
    ) -> None:
        with pytest.raises(OSError, match="nowhere"):
            keeper.start(command("a", shell("pwd"), work_dir=tmp_path / "nowhere"))

    def test_invalid_arguments_are_an_error(self, keeper: ProcessKeeper, command) -> None:
        with pytest.raises(OSError, match="null byte"):
            keeper.start(command("a", ("/bin/echo", "a\0b")))

    def test_environment_contains_only_the_given_variables(
        self, keeper: ProcessKeeper, command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OURS", "1")
        one = command("a", ("/usr/bin/env",), env={"A": "b c", "B": "$(x)\n"})
        keeper.start(one)
        keeper.wait_finished(timeout=LONG)
        assert one.stdout.read_text() == "A=b c\nB=$(x)\n\n"

    def test_environment_can_extend_the_agents_environment(
        self, keeper: ProcessKeeper, command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OURS", "1")
        one = command("a", shell("echo $OURS $A"), env={"A": "b"}, extend_env=True)
        keeper.start(one)
        keeper.wait_finished(timeout=LONG)
        assert one.stdout.read_text() == "1 b\n"

    def test_standard_input_is_empty(self, keeper: ProcessKeeper, command) -> None:
        keeper.start(command("a", shell("! read line")))
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Exited(0))]

    def test_process_inherits_no_open_files(self, keeper: ProcessKeeper, command) -> None:
        one = command("a", shell("ls /proc/self/fd | wc -l"))
        keeper.start(one)
        keeper.wait_finished(timeout=LONG)
        assert int(one.stdout.read_text()) == 4

    def test_child_processes_are_cancelled(self, keeper: ProcessKeeper, command) -> None:
        one = command("a", shell(f"sleep 1000 & echo $!; {READY} wait"))
        keeper.start(one)
        self.wait_until_running(one)
        keeper.cancel_all(grace_time=LONG)
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Killed(15))]
        assert not is_running(int(one.stdout.read_text()))

    def test_stubborn_child_is_killed_after_its_parent_has_ended(
        self, keeper: ProcessKeeper, command
    ) -> None:
        one = command("a", shell(f"(trap '' TERM; {READY} sleep 1000) & echo $!; wait"))
        keeper.start(one)
        self.wait_until_running(one)
        wait_for(lambda: one.stdout.read_text().endswith("\n"))  # the parent has printed the id
        keeper.cancel_all(grace_time=0.1)
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Killed(15))]
        wait_for(lambda: not is_running(int(one.stdout.read_text())))

    def test_child_has_the_grace_time_even_if_its_parent_has_ended(
        self, keeper: ProcessKeeper, command, tmp_path: Path
    ) -> None:
        saved = tmp_path / "saved"
        child = f"trap 'sleep 0.3; touch {saved}; exit' TERM; {READY} while :; do sleep 0.01; done"
        one = command("a", shell(f"({child}) & wait"))
        keeper.start(one)
        self.wait_until_running(one)
        keeper.cancel_all(grace_time=LONG)
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Killed(15))]
        assert saved.exists()

    def test_child_left_by_an_ended_process_is_ended(self, keeper: ProcessKeeper, command) -> None:
        one = command("a", shell("sleep 1000 & echo $!"))
        keeper.start(one)
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Exited(0))]
        wait_for(lambda: not is_running(int(one.stdout.read_text())))

    def test_children_in_other_process_groups_are_killed(
        self, keeper: ProcessKeeper, command
    ) -> None:
        one = command("a", shell(f"set -m; (trap '' TERM; sleep 1000) & echo $!; {READY} wait"))
        keeper.start(one)
        self.wait_until_running(one)
        keeper.cancel_all(grace_time=0.05)
        keeper.wait_finished(timeout=LONG)
        wait_for(lambda: not is_running(int(one.stdout.read_text())))

    def test_child_in_another_process_group_gets_sigterm_before_sigkill(
        self, keeper: ProcessKeeper, command
    ) -> None:
        child = f"trap 'echo asked; exit' TERM; {READY} while :; do sleep 0.01; done"
        one = command("a", shell(f"set -m; trap '' TERM; ({child}) & wait; sleep 1000"))
        keeper.start(one)
        self.wait_until_running(one)
        keeper.cancel_all(grace_time=1.0)
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Killed(9))]
        assert one.stdout.read_text() == "asked\n"

    def test_leftover_in_another_process_group_is_not_waited_for_if_it_obeys_sigterm(
        self, keeper: ProcessKeeper, command
    ) -> None:
        one = command("a", shell(f"set -m; sleep 1000 & {READY} exec sleep 1000"))
        keeper.start(one)
        self.wait_until_running(one)
        keeper.cancel_all(grace_time=10 * LONG)
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Killed(15))]

    def test_close_gives_leftovers_their_grace_time(self, keeper: ProcessKeeper, command) -> None:
        child = f"trap 'echo asked; exit' TERM; {READY} while :; do sleep 0.01; done"
        one = command("a", shell(f"({child}) & read -t 0.2 < <(sleep 1); exit 4"))
        keeper.start(one)
        self.wait_until_running(one)
        assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Exited(4))]
        keeper.close(grace_time=LONG)
        assert one.stdout.read_text() == "asked\n"

    def test_close_kills_grandchildren(self, keeper: ProcessKeeper, command) -> None:
        one = command("a", shell(f"(sleep 1000 & echo $!; wait) & {READY} wait"))
        keeper.start(one)
        self.wait_until_running(one)
        wait_for(lambda: one.stdout.read_text().endswith("\n"))
        keeper.close()
        wait_for(lambda: not is_running(int(one.stdout.read_text())))

    def test_ends_of_many_processes_are_reported(self, keeper: ProcessKeeper, command) -> None:
        for number in range(60):
            keeper.start(command(f"p{number:02}", ("/bin/true",)))
        assert len(self.collect(keeper, 60)) == 60


def test_stubborn_child_left_behind_is_killed_after_the_grace_time(tmp_path: Path) -> None:
    before = psutil.Process().children()
    keeper = PosixProcessKeeper(leftover_grace_time=0.1)
    out, err = tmp_path / "out", tmp_path / "err"
    text = "(trap '' TERM; echo ready >&2; sleep 1000) & echo $!; read -t 0.2 < <(sleep 1); exit 4"
    keeper.start(StartCommand("a", tmp_path, shell(text), dict(os.environ), out, err))
    assert keeper.wait_finished(timeout=LONG) == [ProcessResult("a", Exited(4))]
    wait_for(lambda: not (keeper.wait_finished(timeout=0.01) or is_running(int(out.read_text()))))
    keeper.close()
    assert psutil.Process().children() == before
