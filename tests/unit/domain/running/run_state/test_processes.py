"""Reactions to the start and end of processes that agents manage."""

import pytest

from domain.running.events import InstanceExited, InstanceStarted, InstanceState
from domain.running.process_end import SUCCESS, Exited, Killed, NeverStarted, NodeLost
from domain.running.run_state.events import (
    Deregistered,
    ErrorOutputRead,
    FailureReported,
    NodeFailed,
    ProcessEnded,
    ProcessStarted,
    ProgramsAssigned,
    StopCommanded,
)
from domain.running.run_state.instructions import (
    CancelProcesses,
    FinishRun,
    Publish,
    ReadErrorOutput,
    ShowInstance,
)
from domain.running.run_state.run_state import RunState
from tests.unit.domain.running.run_state.runs import NAMES, Run


def test_started_process_is_shown_and_published():
    run = Run()
    run.handle(ProgramsAssigned(("macro",)), ProcessStarted("macro", "n0"))
    assert run.states["macro"] is InstanceState.STARTED
    assert InstanceStarted("macro", "n0") in run.published
    assert run.state.by_hand == {"micro"}


def test_instance_that_deregistered_and_exits_with_0_has_finished():
    run = Run(*NAMES)
    run.register("macro")
    run.handle(Deregistered("macro"), ProcessEnded("macro", SUCCESS))
    assert run.states["macro"] is InstanceState.FINISHED
    assert InstanceExited("macro", SUCCESS) in run.published
    assert run.result is None


@pytest.mark.parametrize(
    "end", [Exited(3), Killed(11), NeverStarted("no such file"), NodeLost("a node was lost")]
)
def test_failed_process_has_its_error_output_read(end):
    run = Run(*NAMES)
    instructions = run.handle(ProcessEnded("macro", end))
    assert ReadErrorOutput("macro") in instructions
    assert run.states["macro"] is InstanceState.FAILED
    assert run.is_cancelling


@pytest.mark.parametrize("end", [SUCCESS, Exited(3), Killed(15)])
def test_process_that_fails_while_the_run_is_stopped_counts_as_stopped(end):
    run = Run(*NAMES)
    run.handle(StopCommanded("enough", is_interruption=True), ProcessEnded("macro", end))
    assert run.states["macro"] is InstanceState.STOPPED
    assert run.all_of(ReadErrorOutput) == []


def test_instance_that_finishes_while_the_run_is_stopped_counts_as_finished():
    run = Run(*NAMES)
    run.register("macro")
    run.handle(StopCommanded("enough", is_interruption=True))
    run.handle(Deregistered("macro"), ProcessEnded("macro", SUCCESS))
    assert run.states["macro"] is InstanceState.FINISHED


def test_process_end_waits_until_earlier_error_output_has_been_read():
    state = RunState(NAMES, reconnect_time=30.0, save_time=None)
    for event in (ProgramsAssigned(NAMES), ProcessEnded("macro", Exited(1))):
        instructions = state.handle(event)
    assert instructions[-1] == ReadErrorOutput("macro")
    assert state.handle(ProcessEnded("micro", Killed(15))) == []
    instructions = state.handle(ErrorOutputRead("macro", "the last words"))
    assert instructions[:3] == [
        CancelProcesses(),
        Publish(InstanceExited("micro", Killed(15))),
        ShowInstance("micro", InstanceState.STOPPED, end=Killed(15)),
    ]
    assert isinstance(instructions[-1], FinishRun)


def test_duplicate_process_end_is_ignored():
    run = Run(*NAMES)
    run.handle(ProcessEnded("macro", Exited(1)))
    assert run.handle(ProcessEnded("macro", Exited(2))) == []


def test_exit_code_0_after_a_reported_error_is_a_failure():
    run = Run(*NAMES)
    run.register("macro")
    run.handle(FailureReported("macro", "a tangled mesh\n", None), Deregistered("macro"))
    run.handle(ProcessEnded("macro", SUCCESS), ProcessEnded("micro", Killed(15)))
    assert run.result.failed_instances == ("macro",)
    assert run.result.cause.endswith("it reported an error: a tangled mesh.")


def test_failure_of_processes_on_a_lost_node_is_explained():
    run = Run(*NAMES)
    run.handle(NodeFailed("n0", "no heartbeat"))
    for name in NAMES:
        run.handle(ProcessEnded(name, NodeLost("node 'n0' was lost: no heartbeat")))
    assert run.result.cause == (
        "Instance 'macro' failed: it ended because node 'n0' was lost: no heartbeat."
    )
