"""Triggers of snapshots: when an instance must save its state."""

import math

import pytest

from adapters.in_memory.clock import ManualClock
from application.instance.checkpoints.triggers import CheckpointTriggers
from domain.model.checkpoint_rules import (
    CheckpointAtRule,
    CheckpointInfo,
    CheckpointRangeRule,
    Checkpoints,
)


@pytest.fixture
def clock():
    return ManualClock()


def make(clock, *, at_end=False, wallclock=(), simulation=(), elapsed=0.0):
    rules = Checkpoints(at_end, tuple(wallclock), tuple(simulation))
    return CheckpointTriggers(CheckpointInfo(elapsed, rules), clock=clock)


def test_snapshot_is_due_by_either_clock(clock):
    triggers = make(
        clock, wallclock=[CheckpointRangeRule(60)], simulation=[CheckpointAtRule((2.0, 4.0))]
    )
    assert triggers.triggers(1.0) == ()
    assert triggers.triggers(2.0) == ("simulation_time >= 2.0",)
    clock.advance(61)
    assert triggers.triggers(1.0) == ("wallclock_time >= 60.0",)
    assert triggers.triggers(3.0) == ("wallclock_time >= 60.0", "simulation_time >= 2.0")


def test_snapshot_covers_past_times_on_both_clocks(clock):
    triggers = make(
        clock, wallclock=[CheckpointRangeRule(60)], simulation=[CheckpointAtRule((2.0, 4.0))]
    )
    clock.advance(130)
    assert triggers.triggers(2.5)
    triggers.note_saved(2.5)
    assert triggers.triggers(3.5) == ()
    clock.advance(50)
    assert triggers.triggers(3.5) == ("wallclock_time >= 180.0",)
    assert triggers.triggers(4.0) == ("wallclock_time >= 180.0", "simulation_time >= 4.0")


def test_snapshot_without_a_time_covers_the_wall_clock_only(clock):
    triggers = make(
        clock, wallclock=[CheckpointRangeRule(60)], simulation=[CheckpointAtRule((2.0,))]
    )
    clock.advance(60)
    assert triggers.triggers(math.nan) == ("wallclock_time >= 60.0",)
    triggers.note_saved(math.nan)
    assert triggers.triggers(2.5) == ("simulation_time >= 2.0",)


def test_elapsed_time_of_the_run_counts(clock):
    triggers = make(clock, wallclock=[CheckpointAtRule((60.0,))], elapsed=59.0)
    assert triggers.elapsed() == 59.0
    assert not triggers.triggers(0.0)
    clock.advance(1)
    assert triggers.triggers(0.0)


def test_no_snapshot_is_due_at_the_start_of_the_run(clock):
    assert not make(clock, wallclock=[CheckpointRangeRule(60)]).triggers(0.0)


@pytest.mark.parametrize("at_end", [False, True])
def test_snapshot_at_the_end_depends_on_at_end_alone(clock, at_end):
    triggers = make(clock, at_end=at_end, simulation=[CheckpointAtRule((2.0,))])
    expected = ("at_end",) if at_end else ()
    assert triggers.final_triggers(None, goes_on=False) == expected


def test_between_passes_the_next_messages_determine_the_time(clock):
    triggers = make(clock, at_end=True, simulation=[CheckpointAtRule((2.0,))])
    assert not triggers.final_triggers(1.0, goes_on=True)
    assert triggers.final_triggers(2.0, goes_on=True) == ("simulation_time >= 2.0",)


def test_time_reached_while_waiting_for_a_call_belongs_to_the_next_pass(clock):
    triggers = make(clock, wallclock=[CheckpointRangeRule(60)])
    clock.advance(59)
    triggers.note_end_of_pass()
    clock.advance(2)  # our caller is busy, and detects that time after this pass
    assert triggers.final_triggers(1.0, goes_on=True) == ()
    clock.advance(1)
    triggers.note_end_of_pass()
    assert triggers.final_triggers(2.0, goes_on=True) == ("wallclock_time >= 60.0",)


def test_time_reached_while_saving_makes_another_snapshot_due(clock):
    triggers = make(clock, wallclock=[CheckpointRangeRule(60)])
    clock.advance(61)
    assert triggers.triggers(1.0)
    clock.advance(60)  # while saving
    triggers.note_saved(1.0)
    assert triggers.triggers(2.0) == ("wallclock_time >= 120.0",)


def test_no_snapshot_is_due_between_passes_without_a_time(clock):
    triggers = make(clock, wallclock=[CheckpointAtRule((1.0,))])
    clock.advance(2)
    assert not triggers.final_triggers(None, goes_on=True)


@pytest.mark.parametrize(("timestamp", "due"), [(2.0, False), (math.nan, False), (None, True)])
def test_times_covered_by_the_resumed_snapshot_are_not_due(clock, timestamp, due):
    triggers = make(clock, simulation=[CheckpointAtRule((2.0, 4.0))])
    triggers.resume(timestamp)
    assert bool(triggers.triggers(3.0)) is due
    assert triggers.triggers(4.0)


def test_snapshots_are_possible_only_with_rules(clock):
    assert not make(clock).may_save
    assert make(clock, at_end=True).may_save


def test_request_makes_a_snapshot_due_at_every_opportunity(clock):
    triggers = make(clock)
    assert triggers.triggers(1.0) == ()
    triggers.request("the time is over")
    for time in (1.0, 2.0):
        assert triggers.triggers(time) == ("request: the time is over",)
        triggers.note_saved(time)
    assert triggers.final_triggers(3.0, goes_on=True) == ("request: the time is over",)
    assert triggers.final_triggers(None, goes_on=True) == ("request: the time is over",)
    assert triggers.final_triggers(None, goes_on=False) == ("request: the time is over",)


def test_possible_request_makes_a_snapshot_due_at_the_end(clock):
    triggers = CheckpointTriggers(CheckpointInfo(0.0, Checkpoints(), on_request=True), clock=clock)
    assert triggers.may_save
    assert triggers.final_triggers(1.0, goes_on=True) == ()
    assert triggers.final_triggers(None, goes_on=False) == ("at_end",)
