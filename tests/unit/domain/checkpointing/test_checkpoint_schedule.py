"""The times at which a snapshot is due on one clock."""

import math

import pytest

from domain.checkpointing.checkpoint_schedule import CheckpointSchedule
from domain.model.checkpoint_rules import CheckpointAtRule, CheckpointRangeRule

AT = CheckpointAtRule((1.0, 3.0, -2.0))
EVEN = CheckpointRangeRule(2.0)
BOUNDED = CheckpointRangeRule(10.0, 5.0, 30.0)


def schedule(*rules):
    return CheckpointSchedule(rules, "simulation_time")


def test_time_before_the_first_query_counts_as_reached():
    assert schedule(EVEN).due_at(3.5) == "simulation_time >= 2.0"
    assert schedule(EVEN).due_at(-3.5) == "simulation_time >= -4.0"
    assert schedule(CheckpointAtRule((1,)), EVEN).due_at(1.5) == "simulation_time >= 1.0"


def test_nothing_is_due_before_the_first_time():
    times = schedule(BOUNDED)
    assert times.due_at(-3.0) is None
    assert times.due_at(4.9) is None
    assert times.due_at(5.0) == "simulation_time >= 5.0"


def test_time_stays_due_until_it_is_covered():
    times = schedule(BOUNDED)
    assert times.due_at(2.0) is None
    assert times.due_at(27.0) == "simulation_time >= 5.0"
    assert times.due_at(28.0) == "simulation_time >= 5.0"
    times.cover_until(28.0)
    assert times.due_at(29.0) is None
    assert times.due_at(1000.0) is None


def test_one_snapshot_covers_all_past_times():
    times = schedule(EVEN, AT)
    times.cover_until(3.0)
    assert times.due_at(3.9) is None
    assert times.due_at(4.0) == "simulation_time >= 4.0"


def test_times_before_a_resumed_snapshot_are_not_due():
    times = schedule(AT, EVEN)
    times.cover_until(2.0)
    assert times.due_at(2.5) is None
    assert times.due_at(3.0) == "simulation_time >= 3.0"


@pytest.mark.parametrize("time", [math.nan, -math.inf, math.inf])
def test_time_that_is_not_finite_is_never_due_and_covers_nothing(time):
    times = schedule(EVEN)
    times.cover_until(time)
    assert times.due_at(time) is None
    assert times.due_at(3.0) == "simulation_time >= 2.0"
    times.cover_until(3.0)
    times.cover_until(time)
    assert times.due_at(4.0) == "simulation_time >= 4.0"


def test_nothing_is_due_without_rules():
    assert schedule().due_at(3.0) is None


def test_cover_first_query_covers_times_up_to_the_next_query():
    times = schedule(EVEN)
    times.cover_first_query()
    assert times.due_at(3.0) is None
    assert times.due_at(3.5) is None
    assert times.due_at(4.0) == "simulation_time >= 4.0"


def test_cover_first_query_applies_once_even_if_the_next_time_is_infinite():
    times = schedule(EVEN)
    times.cover_first_query()
    assert times.due_at(-math.inf) is None
    assert times.due_at(3.0) == "simulation_time >= 2.0"
