"""The phases of a run: patience is a timer, and processes are cancelled once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.running.run_state.instructions import CancelProcesses, CancelTimer, StartTimer
from domain.running.run_state.run_phases import (
    LEAVING_PATIENCE,
    PATIENCE,
    TRANSITIONS,
    VICTIM_PATIENCE,
    Phase,
    PhaseStep,
    RunPhases,
)

START_VICTIM = StartTimer(PATIENCE, VICTIM_PATIENCE)
START_LEAVING = StartTimer(PATIENCE, LEAVING_PATIENCE)
STOP_TIMER = CancelTimer(PATIENCE)
CANCEL = CancelProcesses()


def test_every_phase_has_a_row_and_every_step_is_used():
    assert set(TRANSITIONS) == set(Phase)
    assert {step for row in TRANSITIONS.values() for step in row} == set(PhaseStep)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.FINISHED])
def test_run_can_finish_in_any_phase(phase):
    assert TRANSITIONS[phase][PhaseStep.DONE] is Phase.FINISHED


def test_finished_run_stays_finished():
    assert TRANSITIONS[Phase.FINISHED] == {}


@pytest.mark.parametrize(
    ("steps", "phase", "instructions"),
    [
        ((), Phase.RUNNING, []),
        ((PhaseStep.DONE,), Phase.FINISHED, []),
        ((PhaseStep.CERTAIN,), Phase.CANCELLING, [CANCEL]),
        ((PhaseStep.STOP, PhaseStep.STOP), Phase.CANCELLING, [CANCEL]),
        ((PhaseStep.DOUBT,), Phase.SEEKING_CAUSE, [START_VICTIM]),
        ((PhaseStep.DOUBT, PhaseStep.DOUBT), Phase.SEEKING_CAUSE, [START_VICTIM]),
        ((PhaseStep.DOUBT, PhaseStep.PART), Phase.SEEKING_CAUSE, [START_VICTIM]),
        ((PhaseStep.DOUBT, PhaseStep.DONE), Phase.FINISHED, [START_VICTIM, STOP_TIMER]),
        ((PhaseStep.DOUBT, PhaseStep.CERTAIN), Phase.PARTING, [START_VICTIM, CANCEL]),
        ((PhaseStep.DOUBT, PhaseStep.STOP), Phase.CANCELLING, [START_VICTIM, STOP_TIMER, CANCEL]),
        ((PhaseStep.PART,), Phase.SEEKING_CAUSE, [START_LEAVING]),
        ((PhaseStep.PART, PhaseStep.CERTAIN), Phase.PARTING, [START_LEAVING, CANCEL]),
        (
            (PhaseStep.PART, PhaseStep.CERTAIN, PhaseStep.STOP),
            Phase.CANCELLING,
            [START_LEAVING, CANCEL, STOP_TIMER],
        ),
        ((PhaseStep.PATIENCE_OVER,), Phase.RUNNING, []),
        ((PhaseStep.DONE, PhaseStep.STOP), Phase.FINISHED, []),
    ],
)
def test_steps_determine_phase_and_instructions(steps, phase, instructions):
    phases = RunPhases()
    assert [item for step in steps for item in phases.take(step)] == instructions
    assert phases.phase is phase


def test_patience_timer_is_restarted_once_if_processes_are_about_to_end():
    phases = RunPhases()
    list(phases.take(PhaseStep.DOUBT))
    assert list(phases.lose_patience(some_are_leaving=True)) == [START_LEAVING]
    assert phases.is_going_on
    assert CANCEL in list(phases.lose_patience(some_are_leaving=True))
    assert phases.phase is Phase.CANCELLING


def test_patience_timer_is_not_restarted_if_no_process_is_about_to_end():
    phases = RunPhases()
    list(phases.take(PhaseStep.DOUBT))
    assert CANCEL in list(phases.lose_patience(some_are_leaving=False))


@given(st.lists(st.sampled_from(PhaseStep)))
def test_timer_runs_only_in_waiting_phases_and_processes_are_cancelled_once(steps):
    phases = RunPhases()
    is_running, cancelled = False, 0
    for step in steps:
        for instruction in phases.take(step):
            is_running = isinstance(instruction, StartTimer) or (
                is_running and not isinstance(instruction, CancelTimer)
            )
            cancelled += instruction == CANCEL
        assert is_running == (phases.phase in (Phase.SEEKING_CAUSE, Phase.PARTING))
        if phases.phase is not Phase.FINISHED:
            assert cancelled == (not phases.is_going_on)
