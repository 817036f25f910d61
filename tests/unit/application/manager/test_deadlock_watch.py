"""Detection of deadlocks, and how often they are reported."""

import pytest

from application.manager.deadlock_watch import DeadlockWatch
from domain.coupling.messages import Wait
from domain.errors import ManagerRefused

A, B = Wait("a", "b", "p"), Wait("b", "a", "q")


@pytest.fixture
def found() -> list[tuple[Wait, ...]]:
    return []


@pytest.fixture
def watch(found) -> DeadlockWatch:
    return DeadlockWatch(on_deadlock=found.append)


def confirm(watch: DeadlockWatch, *waits: Wait) -> list[bool]:
    """Let each wait confirm the latest suspicion; return which of them are deadlocked then."""
    suspicion = max(watch.check(wait.key, confirms=0).suspicion for wait in waits)
    return [watch.check(wait.key, confirms=suspicion).is_deadlock for wait in waits]


def test_cycle_is_reported_each_time_it_is_confirmed(watch, found):
    watch.add(A)
    watch.add(B)
    assert found == []
    assert confirm(watch, A, B) == [False, True]
    assert found == [(B, A)]
    confirm(watch, A, B)
    assert found == [(B, A)]
    watch.remove(B)
    assert confirm(watch, A) == [False]
    watch.add(B)
    confirm(watch, A, B)
    assert found == [(B, A), (B, A)]


def test_deadlock_among_instances_of_muscle3_is_reported(watch, found):
    watch.add(A)
    watch.add(B)
    assert [watch.is_deadlocked(name) for name in "abab"] == [False, False, False, True]
    assert found == [(B, A)]


def test_duplicate_and_unknown_waits_are_rejected(watch):
    wait = Wait("a", "b", "p")
    with pytest.raises(ManagerRefused):
        watch.remove(wait)
    watch.add(wait)
    with pytest.raises(ManagerRefused):
        watch.add(wait)
    watch.remove_instance("a")
    watch.add(wait)


def test_wait_for_an_instance_in_a_cycle_is_not_reported_as_a_new_cycle(watch, found):
    c = Wait("c", "a", "r")
    for wait in (A, B, c):
        watch.add(wait)
    confirm(watch, A, B, c)
    assert len(found) == 1
    assert not watch.is_deadlocked("unknown")


def test_removed_instance_is_not_part_of_a_deadlock(watch):
    watch.add(A)
    watch.add(B)
    confirm(watch, A, B)
    watch.remove_instance("b")
    assert confirm(watch, A) == [False]
