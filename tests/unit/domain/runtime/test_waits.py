"""Cycles of actors that wait for each other."""

import pytest

from domain.runtime.waits import ActorWait, ActorWaits


@pytest.fixture
def waits():
    return ActorWaits()


def wait(actor, other, since=0.0):
    return ActorWait(f"{actor}{other}", actor, other, since)


def test_actor_that_waits_for_itself_is_a_cycle(waits):
    found = waits.add(wait("a", "a"))
    assert found is not None
    assert found.actors == ("a",)


def test_chain_of_waits_is_not_a_cycle(waits):
    assert waits.add(wait("a", "b")) is None
    assert waits.add(wait("b", "c")) is None


def test_cycle_of_waits_is_found_with_its_actors(waits):
    waits.add(wait("a", "b", 1))
    waits.add(wait("b", "c", 2))
    found = waits.add(wait("c", "a", 3))
    assert found is not None
    assert sorted(found.actors) == ["a", "b", "c"]


def test_wait_that_began_last_closes_the_cycle(waits):
    waits.add(wait("b", "a", 5))
    found = waits.add(wait("a", "b", 4))
    assert found is not None
    assert found.last == wait("b", "a", 5)


def test_cycle_is_broken_by_removing_its_last_wait(waits):
    waits.add(wait("a", "b", 1))
    waits.add(wait("b", "a", 2))
    assert len(waits) == 1
    assert waits.add(wait("c", "a", 3)) is None


def test_removed_wait_is_not_part_of_a_cycle(waits):
    waits.add(wait("a", "b"))
    waits.remove("ab")
    assert waits.add(wait("b", "a")) is None


def test_removing_an_unknown_wait_is_ignored(waits):
    waits.remove("ab")
    assert len(waits) == 0


def test_cycle_is_found_beside_waits_that_lead_nowhere(waits):
    waits.add(wait("a", "c"))
    waits.add(wait("a", "b"))
    found = waits.add(wait("b", "a", 1))
    assert found is not None
    assert found.actors == ("b", "a")
