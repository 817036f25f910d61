"""Adapters that an embedding program passes to a Manager."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.logbook import InMemoryLogbook
from domain.errors import ConfigurationError, UsageError
from entrypoints.options import Adapters, CheckpointOptions, ManagerOptions, check_options


class HalfALogbook:
    """A logbook with the method `write` only."""

    def write(self, record):
        """Do nothing."""

    def __repr__(self):
        return "half a logbook"


def test_adapters_default_to_the_managers_own():
    assert Adapters().logbook is None


def test_adapter_with_all_methods_is_accepted():
    clock, logbook = ManualClock(), InMemoryLogbook()
    found = Adapters(clock=clock, logbook=logbook)
    assert (found.clock, found.logbook) == (clock, logbook)


def test_missing_members_of_an_adapter_are_reported():
    with pytest.raises(UsageError) as caught:
        Adapters(logbook=HalfALogbook())
    assert str(caught.value) == (
        "Adapters(logbook=...) takes an object that implements Logbook, but half a logbook"
        " lacks 'close' and 'tail'"
    )


def test_class_in_place_of_an_adapter_is_rejected():
    with pytest.raises(UsageError) as caught:
        Adapters(clock=ManualClock)
    assert str(caught.value) == (
        "Adapters(clock=...) takes an object that implements Clock, but got the class ManualClock:"
        " pass ManualClock(...)"
    )


def test_unknown_log_level_is_rejected():
    with pytest.raises(ConfigurationError, match="LOUD"):
        check_options(ManagerOptions(log_level="LOUD"))


def test_stop_time_in_the_past_is_rejected():
    with pytest.raises(ConfigurationError):
        check_options(ManagerOptions(checkpoints=CheckpointOptions(stop_at=1.0)))
