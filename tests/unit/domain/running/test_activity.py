"""The activity of programs, from samples of their processes."""

import pytest

from domain.running.activity import BUSY_TICKS, Activity, ActivityTracker, ProcessSample


@pytest.mark.parametrize(
    ("states", "ticks", "activity"),
    [
        ("S", 0, Activity.IDLE),
        ("SS", BUSY_TICKS - 1, Activity.IDLE),
        ("SD", 0, Activity.BLOCKED),
        ("T", 0, Activity.STOPPED),
        ("Tt", 0, Activity.STOPPED),
        ("TZ", 0, Activity.STOPPED),
    ],
)
def test_activity_follows_from_states_and_cpu_time(states, ticks, activity):
    tracker = ActivityTracker()
    tracker.add({"a": ProcessSample(100, "S")})
    assert tracker.add({"a": ProcessSample(100 + ticks, states)}) == {"a": activity}


@pytest.mark.parametrize(("states", "ticks"), [("R", BUSY_TICKS), ("SD", 50), ("ST", BUSY_TICKS)])
def test_program_that_uses_cpu_time_is_busy(states, ticks):
    tracker = ActivityTracker()
    tracker.add({"a": ProcessSample(100, "S")})
    tracker.add({"a": ProcessSample(100, "S")})
    assert tracker.add({"a": ProcessSample(100 + ticks, states)}) == {"a": Activity.BUSY}


def test_only_changes_are_returned():
    tracker = ActivityTracker()
    sample = {"a": ProcessSample(100, "S")}
    assert [tracker.add(sample) for _ in range(3)] == [{}, {"a": Activity.IDLE}, {}]


def test_stopped_program_is_found_by_the_first_sample():
    assert ActivityTracker().add({"a": ProcessSample(0, "T")}) == {"a": Activity.STOPPED}


def test_program_that_has_ended_is_forgotten():
    tracker = ActivityTracker()
    tracker.add({"a": ProcessSample(0, "T")})
    assert tracker.add({}) == {}
    assert tracker.add({"a": ProcessSample(0, "T")}) == {"a": Activity.STOPPED}
