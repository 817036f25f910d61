"""Detection of deadlocks, and how often they are reported."""

import pytest

from application.manager.deadlock_watch import DeadlockWatch
from domain.coupling.messages import Wait
from domain.errors import ManagerRefused


def test_cycle_is_reported_each_time_it_closes():
    found: list[tuple[Wait, ...]] = []
    watch = DeadlockWatch(on_deadlock=found.append)
    a, b = Wait("a", "b", "p"), Wait("b", "a", "q")
    watch.add(a)
    assert not watch.is_deadlocked("a")
    watch.add(b)
    assert watch.is_deadlocked("a")
    assert found == [(b, a)]
    watch.remove(b)
    assert not watch.is_deadlocked("a")
    watch.add(b)
    assert found == [(b, a), (b, a)]


def test_duplicate_and_unknown_waits_are_rejected():
    watch = DeadlockWatch(on_deadlock=lambda _cycle: None)
    wait = Wait("a", "b", "p")
    with pytest.raises(ManagerRefused):
        watch.remove(wait)
    watch.add(wait)
    with pytest.raises(ManagerRefused):
        watch.add(wait)
    watch.remove_instance("a")
    watch.add(wait)


def test_wait_for_an_instance_in_a_cycle_is_not_reported_as_a_new_cycle():
    found: list[tuple[Wait, ...]] = []
    watch = DeadlockWatch(on_deadlock=found.append)
    for wait in (Wait("a", "b", "p"), Wait("b", "a", "q"), Wait("c", "a", "r")):
        watch.add(wait)
    assert len(found) == 1
    assert not watch.is_deadlocked("unknown")


def test_removed_instance_is_not_part_of_a_deadlock():
    watch = DeadlockWatch(on_deadlock=lambda _cycle: None)
    watch.add(Wait("a", "b", "p"))
    watch.add(Wait("b", "a", "q"))
    watch.remove_instance("b")
    assert not watch.is_deadlocked("a")
