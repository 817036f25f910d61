"""Adapters that an embedder brings along."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.logbook import InMemoryLogbook
from domain.errors import UsageError
from entrypoints.options import Adapters


class HalfALogbook:
    """Can be written to, and no more."""

    def write(self, record):
        """Forget it."""

    def __repr__(self):
        return "half a logbook"


def test_by_default_the_managers_own_are_used():
    assert Adapters().logbook is None


def test_one_that_has_all_methods_is_taken():
    clock, logbook = ManualClock(), InMemoryLogbook()
    found = Adapters(clock=clock, logbook=logbook)
    assert (found.clock, found.logbook) == (clock, logbook)


def test_what_it_lacks_is_told_at_once():
    text = "adapters=logbook: half a logbook is no Logbook: it has no close, no tail"
    with pytest.raises(UsageError, match=text):
        Adapters(logbook=HalfALogbook())


def test_a_class_in_the_place_of_an_object_is_told():
    with pytest.raises(UsageError, match="the class ManualClock is no Clock: hand in an object"):
        Adapters(clock=ManualClock)
