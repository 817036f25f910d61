"""The end of a run, and its cause if the run failed."""

import pytest

from domain.coupling.messages import Wait
from domain.running.events import InstanceState
from domain.running.failure_kinds import FailureKind
from domain.running.process_end import SUCCESS, Exited, Killed
from domain.running.run_state.events import (
    ConnectionLost,
    ConnectionRestored,
    DeadlockDetected,
    Deregistered,
    FailureReported,
    ProcessEnded,
    ProcessStarted,
    ProgramsAssigned,
    StopCommanded,
)
from domain.running.run_state.instructions import FinishRun
from domain.running.run_state.run_phases import LEAVING_PATIENCE, PATIENCE, VICTIM_PATIENCE
from domain.running.run_state.run_state import RunState
from tests.unit.domain.running.run_state.runs import NAMES, Run

LOST_A_PEER = ("a peer is gone", FailureKind.LOST_PEER)
VICTIM = FailureReported("macro", *LOST_A_PEER)


def live(run, name):
    run.register(name)
    run.handle(Deregistered(name))


def victim(*agents):
    """A run in which macro lost a peer, and its process has ended."""
    run = Run(*agents)
    run.register(*NAMES)
    run.handle(VICTIM, ProcessEnded("macro", Exited(1)))
    return run


def test_run_succeeds_if_all_processes_succeed():
    run = Run(*NAMES)
    for name in NAMES:
        live(run, name)
        assert run.result is None
        run.handle(ProcessEnded(name, SUCCESS))
    assert run.result.succeeded


def test_run_waits_for_user_started_instances():
    run = Run("macro")
    live(run, "macro")
    run.handle(ProcessEnded("macro", SUCCESS))
    assert run.result is None
    live(run, "micro")
    assert run.result.succeeded


def test_certain_cause_cancels_at_once_and_the_last_process_end_ends_the_run():
    run = Run(*NAMES)
    run.handle(ProcessEnded("macro", Exited(3)))
    assert run.is_cancelling
    assert run.result is None
    run.handle(ProcessEnded("micro", Killed(15)))
    assert run.result.failed_instances == ("macro",)
    assert run.states["micro"] is InstanceState.STOPPED


def test_failure_of_a_victim_waits_for_the_true_cause_which_is_named_first():
    run = victim(*NAMES)
    assert run.timers == {PATIENCE: VICTIM_PATIENCE}
    assert not run.is_cancelling
    run.handle(ProcessEnded("micro", Exited(7)))
    assert run.result.failed_instances == ("micro", "macro")
    assert run.timers == {}


@pytest.mark.parametrize(
    "leave",
    [
        FailureReported("micro", "out of cheese", FailureKind.OWN),
        ConnectionLost("micro"),
        Deregistered("micro"),
    ],
)
def test_instance_that_is_about_to_end_gets_one_last_chance(leave):
    run = victim(*NAMES)
    run.handle(leave)
    run.fire(PATIENCE)
    assert run.timers == {PATIENCE: LEAVING_PATIENCE}
    assert not run.is_cancelling
    run.fire(PATIENCE)
    assert run.is_cancelling


def test_victim_is_the_cause_if_no_other_instance_is_about_to_end():
    run = victim(*NAMES)
    run.handle(ConnectionLost("micro"), ConnectionRestored("micro"))
    run.fire(PATIENCE)
    assert run.is_cancelling
    run.handle(ProcessEnded("micro", Exited(7)))
    assert run.result.failed_instances == ("macro",)


def test_all_members_of_a_deadlock_can_report_it():
    run = Run(*NAMES)
    run.register(*NAMES)
    waits = (Wait("macro", "micro", "s"), Wait("micro", "macro", "f_init"))
    run.handle(DeadlockDetected(waits), ProcessEnded("macro", Exited(1)))
    assert run.timers == {PATIENCE: VICTIM_PATIENCE}
    run.handle(ProcessEnded("micro", Exited(1)))
    assert run.result.failed_instances == ("macro", "micro")
    assert run.result.cause.startswith("Deadlock")


def test_user_started_instances_get_limited_time_to_leave():
    run = Run()
    run.register(*NAMES)
    run.handle(FailureReported("micro", "out of cheese", FailureKind.OWN))
    assert run.result is None
    run.fire(PATIENCE)
    assert run.result.failed_instances == ("micro",)


def test_stop_ends_the_wait_for_the_true_cause():
    run = Run()
    run.register(*NAMES)
    run.handle(FailureReported("micro", "out of cheese", FailureKind.OWN))
    run.handle(StopCommanded("enough", is_interruption=True))
    assert run.timers == {}
    assert run.result.failed_instances == ("micro",)


@pytest.mark.parametrize("is_interruption", [True, False])
def test_stopped_run_ends_with_its_first_reason(is_interruption):
    run = Run(*NAMES)
    run.handle(StopCommanded("enough", is_interruption=is_interruption))
    run.handle(StopCommanded("more than enough", is_interruption=not is_interruption))
    run.handle(*(ProcessEnded(name, Killed(15)) for name in NAMES))
    assert run.result.cause == "enough"
    assert run.result.was_interrupted == is_interruption


def test_disconnected_instance_is_the_cause_of_lost_peer_failures():
    run = Run("macro")
    run.register(*NAMES)
    run.handle(ConnectionLost("micro"), VICTIM, ProcessEnded("macro", Exited(1)))
    run.fire(PATIENCE)
    assert run.result.failed_instances == ("micro", "macro")
    assert "did its program crash?" in run.result.cause
    assert run.states["micro"] is InstanceState.FAILED


@pytest.mark.parametrize(("agents", "output_of"), [(NAMES, "macro"), (("micro",), "")])
def test_output_directory_is_given_only_for_a_cause_started_by_an_agent(agents, output_of):
    run = Run(*agents)
    run.register(*NAMES)
    run.handle(FailureReported("macro", "out of cheese", FailureKind.OWN))
    run.handle(ProcessEnded("macro", Exited(1)))
    run.handle(ProcessEnded("micro", Killed(15)), Deregistered("macro"))
    (finish,) = run.all_of(FinishRun)
    assert finish.output_of == output_of


def test_run_finishes_after_the_error_output_has_been_read():
    state = RunState(["a"], reconnect_time=1.0, save_time=None)
    state.handle(ProgramsAssigned(("a",)))
    state.handle(ProcessStarted("a", "n"))
    instructions = state.handle(ProcessEnded("a", Exited(1)))
    assert not any(isinstance(item, FinishRun) for item in instructions)
