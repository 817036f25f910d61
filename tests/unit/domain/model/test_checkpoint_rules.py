"""Moments at which snapshots are due."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.checkpoint_rules import (
    CheckpointAtRule,
    CheckpointRangeRule,
    Checkpoints,
    CheckpointSchedule,
)

AT = CheckpointAtRule((1.0, 3.0, -2.0))
EVEN = CheckpointRangeRule(2.0)
BOUNDED = CheckpointRangeRule(10.0, 5.0, 30.0)


@pytest.mark.parametrize(
    ("rule", "moment", "following", "last"),
    [
        (AT, -3.0, -2.0, None),
        (AT, 1.0, 3.0, 1.0),
        (AT, 3.5, None, 3.0),
        (EVEN, 0.0, 2.0, 0.0),
        (EVEN, -3.0, -2.0, -4.0),
        (EVEN, 1.5, 2.0, 0.0),
        (BOUNDED, -3.0, 5.0, None),
        (BOUNDED, 5.0, 15.0, 5.0),
        (BOUNDED, 24.9, 25.0, 15.0),
        (BOUNDED, 25.0, None, 25.0),
        (BOUNDED, 99.0, None, 25.0),
        (CheckpointRangeRule(5.0, stop=-10.0), -20.0, -15.0, -20.0),
        (CheckpointRangeRule(5.0, stop=-10.0), 7.0, None, -10.0),
        (EVEN, math.inf, None, None),
        (EVEN, -math.inf, None, None),
        (BOUNDED, -math.inf, 5.0, None),
    ],
)
def test_a_rule_knows_its_moments_before_and_after(rule, moment, following, last):
    assert rule.next_after(moment) == following
    assert rule.last_until(moment) == last


@given(
    st.floats(1e-6, 1e6),
    st.none() | st.floats(-1e6, 1e6),
    st.floats(-1e12, 1e12),
)
def test_the_next_moment_is_later_and_the_last_one_is_not(every, start, moment):
    rule = CheckpointRangeRule(every, start)
    assert rule.next_after(moment) > moment
    last = rule.last_until(moment)
    assert last is None or last <= moment


def test_the_next_moment_is_later_even_where_the_steps_are_too_small_to_be_seen():
    assert CheckpointRangeRule(1.0).next_after(1e300) > 1e300


def test_a_rule_must_have_a_distance():
    with pytest.raises(ValueError, match="larger than 0"):
        CheckpointRangeRule(0.0)


def moments(*rules):
    return CheckpointSchedule(rules, "simulation_time")


def test_a_moment_before_the_first_call_counts_as_reached():
    assert moments(EVEN).due_at(3.5) == "simulation_time >= 2.0"
    assert moments(EVEN).due_at(-3.5) == "simulation_time >= -4.0"
    assert moments(CheckpointAtRule((1,)), EVEN).due_at(1.5) == "simulation_time >= 1.0"


def test_nothing_is_due_before_the_first_moment():
    due = moments(BOUNDED)
    assert due.due_at(-3.0) is None
    assert due.due_at(4.9) is None
    assert due.due_at(5.0) == "simulation_time >= 5.0"


def test_a_moment_stays_due_until_a_snapshot_answers_for_it():
    due = moments(BOUNDED)
    assert due.due_at(2.0) is None
    assert due.due_at(27.0) == "simulation_time >= 5.0"
    assert due.due_at(28.0) == "simulation_time >= 5.0"
    due.answer_until(28.0)
    assert due.due_at(29.0) is None
    assert due.due_at(1000.0) is None


def test_one_snapshot_answers_for_all_moments_passed():
    due = moments(EVEN, AT)
    due.answer_until(3.0)
    assert due.due_at(3.9) is None
    assert due.due_at(4.0) == "simulation_time >= 4.0"


def test_after_a_snapshot_was_resumed_the_moments_before_it_are_not_due():
    due = moments(AT, EVEN)
    due.answer_until(2.0)
    assert due.due_at(2.5) is None
    assert due.due_at(3.0) == "simulation_time >= 3.0"


@pytest.mark.parametrize("time", [math.nan, -math.inf, math.inf])
def test_a_time_that_is_not_finite_is_never_due_and_answers_nothing(time):
    due = moments(EVEN)
    due.answer_until(time)
    assert due.due_at(time) is None
    assert due.due_at(3.0) == "simulation_time >= 2.0"
    due.answer_until(3.0)
    due.answer_until(time)
    assert due.due_at(4.0) == "simulation_time >= 4.0"


def test_without_rules_nothing_is_due():
    assert moments().due_at(3.0) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "make",
    [
        lambda value: CheckpointAtRule((1.0, value)),
        CheckpointRangeRule,
        lambda value: CheckpointRangeRule(1.0, value),
    ],
)
def test_moments_must_be_finite(make, value):
    with pytest.raises(ValueError, match=f"it is {value}"):
        make(value)


def test_the_end_of_a_range_must_be_a_number():
    assert CheckpointRangeRule(1.0, stop=math.inf).next_after(0.5) == 1.0
    with pytest.raises(ValueError, match=r"'stop' .* must be a number"):
        CheckpointRangeRule(1.0, stop=math.nan)


def test_a_distance_must_be_large_enough_to_count_with():
    with pytest.raises(ValueError, match="too small to count with, it is 1e-320"):
        CheckpointRangeRule(1e-320)


@pytest.mark.parametrize(("every", "moment"), [(1e-300, 1e10), (0.1, 1e308), (1e-300, -1e10)])
def test_moments_that_are_too_many_to_count_follow_at_once(every, moment):
    rule = CheckpointRangeRule(every)
    assert rule.next_after(moment) == math.nextafter(moment, math.inf)
    assert rule.last_until(moment) == moment


def test_a_rule_without_moments_is_none():
    assert not Checkpoints(simulation_time=(CheckpointAtRule(()),))
    assert Checkpoints(simulation_time=(CheckpointAtRule(()), EVEN))


def test_a_snapshot_of_no_known_time_is_the_answer_up_to_the_next_time():
    due = moments(EVEN)
    due.answer_first()
    assert due.due_at(3.0) is None
    assert due.due_at(3.5) is None
    assert due.due_at(4.0) == "simulation_time >= 4.0"


def test_it_is_so_only_once_even_where_the_next_message_is_empty():
    due = moments(EVEN)
    due.answer_first()
    assert due.due_at(-math.inf) is None
    assert due.due_at(3.0) == "simulation_time >= 2.0"
