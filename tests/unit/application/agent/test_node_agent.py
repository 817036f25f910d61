from pathlib import Path

import pytest

from adapters.in_memory.agent_line import InMemoryAgentLine
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.manager_process import InMemoryManagerProcess
from adapters.in_memory.processes import InMemoryProcessKeeper, run_on
from application.agent.events import ManagerGone, ManagerHeard, ProcessesEnded
from application.agent.node_agent import KILL_MARGIN, NodeAgent
from domain.running.agents import (
    CancelCommand,
    ShutdownCommand,
    StartCommand,
)
from domain.running.process_end import Exited, Killed, NeverStarted, ProcessResult


def start(name: str, *args: str) -> ManagerHeard:
    return ManagerHeard(StartCommand(name, Path(), args, {}, Path("out"), Path("err")))


CANCEL = ManagerHeard(CancelCommand())
SHUTDOWN = ManagerHeard(ShutdownCommand())
SIGN_OF_LIFE = ManagerHeard(None)


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.keeper = InMemoryProcessKeeper(
            {"run": run_on, "stubborn": run_on}, stubborn=["stubborn"]
        )
        self.line = InMemoryAgentLine()
        self.manager = InMemoryManagerProcess()
        self.log: list[str] = []
        self.agent = NodeAgent(
            keeper=self.keeper,
            line=self.line,
            manager=self.manager,
            clock=self.clock,
            timeout=30.0,
            grace_time=5.0,
            log=self.log.append,
        )

    def let_pass(self, seconds: float) -> None:
        """Let time pass, in which the agent runs as intended."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0 and not self.agent.ended:
            self.clock.advance(min(left, self.agent.seconds_left))
            if self.agent.seconds_left == 0:
                self.agent.tick()

    def ended(self) -> None:
        """Pass ended processes to the agent."""
        finished = self.keeper.wait_finished(timeout=0.0)
        self.agent.handle(ProcessesEnded(tuple(finished)))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_process_is_started_and_its_end_is_reported(bench: Bench) -> None:
    bench.agent.handle(start("a", "run"))
    assert bench.keeper.running == {"a"}
    bench.keeper.finish("a", Exited(3))
    bench.ended()
    assert bench.line.results == [ProcessResult("a", Exited(3))]
    assert not bench.agent.ended


def test_failed_start_is_reported_with_the_reason(bench: Bench) -> None:
    bench.agent.handle(start("a", "missing"))
    (result,) = bench.line.results
    assert result.name == "a"
    assert isinstance(result.end, NeverStarted)
    assert "missing" in result.end.reason
    assert any("a could not be started" in line for line in bench.log)


def test_cancel_ends_processes_but_not_the_agent(bench: Bench) -> None:
    bench.agent.handle(start("a", "run"))
    bench.agent.handle(CANCEL)
    bench.ended()
    assert bench.line.results == [ProcessResult("a", Killed(15))]
    assert not bench.agent.ended


def test_shutdown_ends_an_idle_agent_immediately(bench: Bench) -> None:
    bench.agent.handle(SHUTDOWN)
    assert bench.agent.ended
    assert bench.agent.failure is None


def test_shutdown_ends_processes_first(bench: Bench) -> None:
    bench.agent.handle(start("a", "run"))
    bench.agent.handle(SHUTDOWN)
    assert not bench.agent.ended
    bench.ended()
    assert bench.agent.ended
    assert bench.line.results == [ProcessResult("a", Killed(15))]


def test_no_process_is_started_during_shutdown(bench: Bench) -> None:
    bench.agent.handle(start("a", "stubborn"))
    bench.agent.handle(SHUTDOWN)
    bench.agent.handle(start("b", "run"))
    assert bench.keeper.running == {"a"}
    assert [result.name for result in bench.line.results] == ["b"]


def test_agent_that_lost_its_manager_ends_all_processes(bench: Bench) -> None:
    bench.agent.handle(start("a", "run"))
    bench.agent.handle(ManagerGone("the pipe was closed"))
    bench.ended()
    assert bench.agent.ended
    assert bench.agent.failure == "the pipe was closed"


def test_agent_without_heartbeats_ends_all_processes_after_the_timeout(bench: Bench) -> None:
    bench.agent.handle(start("a", "run"))
    bench.let_pass(29.0)
    assert bench.agent.seconds_left == pytest.approx(1.0)
    bench.let_pass(1.5)
    bench.ended()
    assert bench.agent.ended
    assert bench.agent.failure == "the manager was silent for 30 seconds"


def test_any_message_of_the_manager_resets_the_timeout(bench: Bench) -> None:
    for _ in range(10):
        bench.let_pass(20.0)
        bench.agent.handle(SIGN_OF_LIFE)
    bench.let_pass(29.0)
    assert not bench.agent.ended


def test_process_ends_do_not_reset_the_timeout(bench: Bench) -> None:
    bench.agent.handle(start("a", "run"))
    bench.let_pass(20.0)
    bench.keeper.finish("a")
    bench.ended()
    bench.let_pass(10.0)
    assert bench.agent.ended


def test_manager_that_is_suspended_is_waited_for(bench: Bench) -> None:
    bench.agent.handle(start("a", "run"))
    bench.manager.suspended = True
    bench.let_pass(3600.0)
    bench.manager.suspended = False
    bench.let_pass(29.0)
    bench.agent.handle(SIGN_OF_LIFE)
    bench.let_pass(29.0)
    assert not bench.agent.ended
    assert [line for line in bench.log if "suspended" in line] == [
        "the manager is suspended: waiting until it continues"
    ]


def test_manager_that_stays_silent_after_it_was_suspended_is_given_up(bench: Bench) -> None:
    bench.manager.suspended = True
    bench.let_pass(60.0)
    bench.manager.suspended = False
    bench.let_pass(31.0)
    assert bench.agent.failure == "the manager was silent for 30 seconds"


def test_time_in_which_the_agent_was_suspended_does_not_count(bench: Bench) -> None:
    bench.clock.advance(3600.0)
    bench.let_pass(29.0)
    assert not bench.agent.ended
    bench.let_pass(2.0)
    assert bench.agent.ended


def test_unkillable_process_does_not_block_the_agent_forever(bench: Bench) -> None:
    bench.agent.handle(start("a", "stubborn"))
    bench.agent.handle(SHUTDOWN)
    assert bench.agent.seconds_left == 5.0 + KILL_MARGIN
    bench.clock.advance(5.0 + KILL_MARGIN)
    bench.agent.tick()
    assert bench.agent.ended


def test_heartbeat_does_not_stop_a_shutdown(bench: Bench) -> None:
    bench.agent.handle(start("a", "stubborn"))
    bench.agent.handle(ManagerGone("stdin was closed"))
    bench.agent.handle(SIGN_OF_LIFE)
    assert bench.agent.seconds_left == 5.0 + KILL_MARGIN


def test_first_reason_for_the_shutdown_is_kept(bench: Bench) -> None:
    bench.agent.handle(start("a", "stubborn"))
    bench.agent.handle(SHUTDOWN)
    bench.agent.handle(ManagerGone("stdin was closed"))
    assert bench.agent.failure is None


def test_actions_of_the_agent_are_logged(bench: Bench) -> None:
    bench.agent.handle(start("a", "run"))
    bench.agent.handle(CANCEL)
    bench.ended()
    assert bench.log == [
        "started a",
        "cancelling 1 processes, with 5 s to end",
        "a was killed by signal 15 (SIGTERM)",
    ]
