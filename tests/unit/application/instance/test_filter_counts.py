"""Counts of the messages that pass reducing filters."""

import pytest

from application.instance.filter_counts import FilterCounts
from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.peers import PeerInfo
from domain.identity import Reference

SENT, RECEIVED = "out -> b.in", "in <- a.out"


def counts(instance="a", filters="last"):
    names = tuple(map(ConduitFilter, filters.split()))
    conduit = Conduit(Reference("a.out"), Reference("b.in"), names)
    return FilterCounts(PeerInfo(Reference(instance), (conduit,), {}, {}))


@pytest.mark.parametrize(("instance", "name"), [("a", SENT), ("b", RECEIVED)])
def test_counts_start_at_zero_at_either_end(instance, name):
    assert counts(instance).state() == {name: (0,)}


@pytest.mark.parametrize("filters", ["", "repeat pad"])
def test_conduit_without_reducing_filters_is_not_counted(filters):
    assert counts(filters=filters).state() == {}


def test_count_increases_by_one_for_each_message():
    counted = counts()
    for _ in range(2):
        counted.increase((SENT, 0))
    assert counted.state() == {SENT: (2,)}


def test_slots_are_counted_apart():
    counted = counts()
    counted.increase((SENT, 2))
    assert counted.state() == {SENT: (0, 0, 1)}


def test_counts_continue_from_the_saved_state():
    counted = counts()
    counted.restore({SENT: (5, 1)})
    counted.increase((SENT, 0))
    counted.set_count((SENT, 1), 3)
    assert counted.state() == {SENT: (6, 3)}
