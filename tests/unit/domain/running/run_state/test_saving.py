"""Instances save before the run is stopped from outside."""

import pytest

from domain.running.events import StopRequested
from domain.running.process_end import Killed
from domain.running.run_state.events import (
    AllocationEndKnown,
    Deregistered,
    ProcessEnded,
    Registered,
    SnapshotsCompleted,
    StopAsked,
    StopCommanded,
)
from domain.running.run_state.instructions import AskToSave
from domain.running.run_state.saving import (
    ALLOCATION_TIMER,
    SAVING_TIMER,
    TIME_IS_OVER,
    TRANSITIONS,
    StopPlan,
    StopStep,
)
from tests.unit.domain.running.run_state.runs import NAMES, Run

REASON = "The user wants it."


def joined(*, save_time=60.0, theirs=()):
    run = Run(*NAMES, save_time=save_time)
    for name in NAMES:
        run.register(name, is_own=name not in theirs)
    return run


def asked(run):
    return [item.reason for item in run.all_of(AskToSave)]


def test_every_state_has_a_row_and_every_step_is_used():
    assert set(TRANSITIONS) == set(StopPlan)
    assert {step for row in TRANSITIONS.values() for step in row} == set(StopStep)


def test_run_is_stopped_when_a_set_of_snapshots_is_complete():
    run = joined()
    run.handle(StopAsked(REASON))
    assert asked(run) == [REASON]
    assert run.timers == {SAVING_TIMER: 60.0}
    assert StopRequested(REASON, 60.0) in run.published
    assert not run.is_cancelling
    run.handle(SnapshotsCompleted())
    assert run.is_cancelling
    assert run.timers == {}


def test_set_of_snapshots_before_the_request_does_not_stop_the_run():
    run = joined()
    run.handle(SnapshotsCompleted())
    assert not run.is_cancelling


def test_run_is_stopped_without_a_set_after_the_save_time():
    run = joined()
    run.handle(StopAsked(REASON))
    run.fire(SAVING_TIMER)
    assert run.is_cancelling
    run.handle(*(ProcessEnded(name, Killed(15)) for name in NAMES))
    assert run.result.cause == REASON
    assert run.result.was_interrupted


def test_second_request_stops_the_run_at_once_with_its_reason():
    run = joined()
    run.handle(StopAsked(REASON), StopAsked("Now!"))
    assert run.is_cancelling
    run.handle(*(ProcessEnded(name, Killed(15)) for name in NAMES))
    assert run.result.cause == "Now!"
    assert asked(run) == [REASON]


@pytest.mark.parametrize("run", [joined(save_time=None), Run(*NAMES, save_time=60.0)])
def test_run_is_stopped_at_once_without_time_or_instances_to_save(run):
    run.handle(StopAsked(REASON))
    assert run.is_cancelling
    assert asked(run) == []


def test_instances_that_have_deregistered_need_not_save():
    run = joined(theirs=["micro"])
    run.handle(Deregistered("micro"), StopAsked(REASON))
    assert asked(run) == [REASON]


def test_no_instance_is_requested_to_save_if_some_cannot_save():
    run = joined(theirs=["micro"])
    run.handle(StopAsked(REASON))
    assert asked(run) == []
    assert StopRequested(REASON, 0.0, ("micro",)) in run.published
    assert run.is_cancelling


def test_instances_save_before_the_end_of_the_allocation_even_if_some_save_by_a_rule():
    run = joined(theirs=["micro"])
    run.handle(AllocationEndKnown(100.0))
    assert run.timers == {ALLOCATION_TIMER: 100.0}
    run.fire(ALLOCATION_TIMER)
    assert asked(run) == [TIME_IS_OVER]
    run.fire(SAVING_TIMER)
    assert run.is_cancelling


def test_run_is_stopped_at_the_end_of_the_allocation_if_nothing_is_saved():
    run = joined(save_time=None)
    run.handle(AllocationEndKnown(100.0))
    run.fire(ALLOCATION_TIMER)
    assert run.is_cancelling


def test_end_of_the_allocation_is_ignored_once_the_run_is_stopped():
    run = joined()
    run.handle(AllocationEndKnown(100.0), StopCommanded(REASON, is_interruption=True))
    run.fire(ALLOCATION_TIMER)
    assert asked(run) == []


def test_command_to_stop_ends_saving():
    run = joined()
    run.handle(StopAsked(REASON), StopCommanded("A disk is full.", is_interruption=False))
    assert SAVING_TIMER not in run.timers
    assert run.is_cancelling


def test_run_that_finishes_while_saving_has_succeeded():
    run = Run(save_time=60.0)
    run.register(*NAMES)
    run.handle(StopAsked(REASON), *map(Deregistered, NAMES))
    assert run.result.succeeded
    assert run.timers == {}


def test_registration_while_others_save_changes_nothing():
    run = Run(*NAMES, save_time=60.0)
    run.handle(Registered("macro", True), StopAsked(REASON), Registered("micro", True))
    assert asked(run) == [REASON]
    assert not run.is_cancelling
