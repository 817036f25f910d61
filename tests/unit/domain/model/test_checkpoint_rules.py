"""The checkpoint times of a rule."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.checkpoint_rules import CheckpointAtRule, CheckpointRangeRule, Checkpoints

AT = CheckpointAtRule((1.0, 3.0, -2.0))
EVEN = CheckpointRangeRule(2.0)
BOUNDED = CheckpointRangeRule(10.0, 5.0, 30.0)


@pytest.mark.parametrize(
    ("rule", "time", "following", "last"),
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
def test_next_and_last_time_of_a_rule(rule, time, following, last):
    assert rule.next_after(time) == following
    assert rule.last_until(time) == last


@given(
    st.floats(1e-6, 1e6),
    st.none() | st.floats(-1e6, 1e6),
    st.floats(-1e12, 1e12),
)
def test_next_time_is_later_and_last_time_is_not(every, start, time):
    rule = CheckpointRangeRule(every, start)
    assert rule.next_after(time) > time
    last = rule.last_until(time)
    assert last is None or last <= time


def test_next_time_is_later_even_if_the_interval_is_below_float_precision():
    assert CheckpointRangeRule(1.0).next_after(1e300) > 1e300


def test_interval_of_zero_is_rejected():
    with pytest.raises(ValueError, match="greater than 0"):
        CheckpointRangeRule(0.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "make",
    [
        lambda value: CheckpointAtRule((1.0, value)),
        CheckpointRangeRule,
        lambda value: CheckpointRangeRule(1.0, value),
    ],
)
def test_times_that_are_not_finite_are_rejected(make, value):
    with pytest.raises(ValueError, match=f"not {value}"):
        make(value)


def test_stop_of_nan_is_rejected():
    assert CheckpointRangeRule(1.0, stop=math.inf).next_after(0.5) == 1.0
    with pytest.raises(ValueError, match=r"'stop' .* must be a number"):
        CheckpointRangeRule(1.0, stop=math.nan)


def test_subnormal_interval_is_rejected():
    with pytest.raises(ValueError, match="too small: 1e-320"):
        CheckpointRangeRule(1e-320)


@pytest.mark.parametrize(("every", "time"), [(1e-300, 1e10), (0.1, 1e308), (1e-300, -1e10)])
def test_next_time_is_adjacent_if_intervals_are_uncountable(every, time):
    rule = CheckpointRangeRule(every)
    assert rule.next_after(time) == math.nextafter(time, math.inf)
    assert rule.last_until(time) == time


def test_rule_without_times_is_false():
    assert not Checkpoints(simulation_time=(CheckpointAtRule(()),))
    assert Checkpoints(simulation_time=(CheckpointAtRule(()), EVEN))
