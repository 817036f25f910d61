"""Limits of the profile, and the count of dropped events."""

import pytest

from adapters.in_memory.profile_store import InMemoryProfileStore
from application.manager.profile_intake import (
    DEFAULT_LIMIT,
    MAX_BACKLOG,
    ProfileIntake,
    profile_limit,
)
from domain.coupling.settings import Settings
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.running.profiling import DropReason, ProfileEvent, ProfileEventType

MACRO, MICRO = Reference("macro"), Reference("micro")
EVENT = ProfileEvent(ProfileEventType.SEND, 0, 1)


@pytest.fixture
def store():
    store = InMemoryProfileStore()
    store.add_instances([MACRO, MICRO])
    return store


class RecordingLog:
    def __init__(self):
        self.lines = []

    def warning(self, text):
        self.lines.append(text)


@pytest.fixture
def log():
    return RecordingLog()


@pytest.fixture
def intake(store, log):
    return ProfileIntake(store, limit=10, log=log)


def test_events_below_the_limit_are_stored_without_a_warning(intake, store, log):
    intake.add(MACRO, [EVENT] * 10)
    assert len(store.events[MACRO]) == 10
    assert (intake.warnings(), store.dropped, log.lines) == ((), {}, [])


def test_events_beyond_the_limit_are_dropped_and_counted(intake, store, log):
    intake.add(MACRO, [EVENT] * 8)
    intake.add(MICRO, [EVENT] * 5)
    intake.add(MICRO, [EVENT])
    assert len(store.events[MICRO]) == 2
    assert store.dropped == {(MICRO, DropReason.LIMIT): 4}
    (warning,) = intake.warnings()
    assert "4 events were dropped" in warning
    assert "limit of 10 events was reached (setting 'muscle_profile_limit')" in warning
    assert "micro: 4" in warning
    assert len(log.lines) == 1


def test_events_dropped_by_an_instance_are_counted_and_logged_once(intake, store, log):
    intake.add(MACRO, [EVENT], dropped=3)
    intake.add(MACRO, [], dropped=4)
    assert store.events[MACRO] == [EVENT]
    assert store.dropped == {(MACRO, DropReason.INSTANCE_QUEUE): 7}
    assert "macro: 7" in intake.warnings()[0]
    assert len(log.lines) == 1


def test_events_are_dropped_while_the_store_is_behind(intake, store):
    store.queued = MAX_BACKLOG
    intake.add(MACRO, [EVENT])
    store.queued = 0
    intake.add(MACRO, [EVENT])
    assert store.events[MACRO] == [EVENT]
    assert store.dropped == {(MACRO, DropReason.MANAGER_QUEUE): 1}


def test_events_that_could_not_be_stored_are_among_the_warnings(intake, store):
    store.lost = "The disk is full."
    intake.add(MACRO, [], dropped=3)
    lost, dropped = intake.warnings()
    assert lost == "The disk is full."
    assert "3 events were dropped" in dropped


def test_store_that_cannot_count_works_too(log):
    class PlainStore:
        def __init__(self):
            self.events = []

        def add_instances(self, instances):
            pass

        def add_resources(self, assigned):
            pass

        def add_events(self, instance, events):
            self.events.extend(events)

        def close(self):
            pass

    store = PlainStore()
    intake = ProfileIntake(store, limit=1, log=log)
    intake.add(MACRO, [EVENT] * 3, dropped=2)
    assert len(store.events) == 1
    assert "4 events were dropped" in intake.warnings()[0]


def test_limit_is_a_setting():
    assert profile_limit(Settings()) == DEFAULT_LIMIT
    assert profile_limit(Settings({"muscle_profile_limit": 7})) == 7


@pytest.mark.parametrize("value", [-1, 1.5, True, "many"])
def test_invalid_limit_is_rejected(value):
    with pytest.raises(ConfigurationError, match="'muscle_profile_limit' must be a number of"):
        profile_limit(Settings({"muscle_profile_limit": value}))
