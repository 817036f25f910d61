"""Counts of references."""

import pytest

from domain.runtime.reference_counts import ReferenceCounts


@pytest.fixture
def counts():
    return ReferenceCounts()


def test_object_is_released_when_the_last_reference_goes(counts):
    counts.increase("head", "a")
    counts.increase("worker", "a")
    assert counts.decrease("head", "a") == []
    assert counts.decrease("worker", "a") == ["a"]
    assert len(counts) == 0


def test_total_counts_all_holders(counts):
    counts.increase("head", "a")
    counts.increase("head", "a")
    counts.increase("worker", "a")
    assert counts.total("a") == 3
    assert counts.holders("a") == {"head", "worker"}


def test_member_cannot_give_up_the_references_of_another(counts):
    counts.increase("head", "a")
    assert counts.decrease("worker", "a") == []
    assert counts.total("a") == 1


def test_decrease_of_an_unknown_object_is_ignored(counts):
    assert counts.decrease("head", "a") == []


def test_lost_member_holds_nothing(counts):
    counts.increase("worker", "a")
    counts.increase("worker", "b")
    counts.increase("head", "b")
    assert counts.remove_holder("worker") == ["a"]
    assert counts.holders("b") == {"head"}


def test_forgotten_object_has_no_references(counts):
    counts.increase("head", "a")
    counts.forget("a")
    assert counts.total("a") == 0
    assert counts.decrease("head", "a") == []


def test_references_that_are_passed_on_have_another_holder(counts):
    counts.increase("worker", "a")
    counts.increase("worker", "a")
    counts.increase("head", "a")
    assert counts.pass_on("worker", "keeper")
    assert counts.holders("a") == {"head", "keeper"}
    assert counts.total("a") == 3
    assert counts.decrease("worker", "a") == []


def test_member_without_references_passes_nothing_on(counts):
    counts.increase("head", "a")
    assert not counts.pass_on("worker", "keeper")
    assert counts.holders("a") == {"head"}
