"""Probes of user-started instances that lost their connection."""

import pytest

from domain.running.log_levels import LogLevel
from domain.running.presence import Presence
from domain.running.run_state.events import PresenceFound
from domain.running.run_state.instructions import CancelTimer, Log, Probe, StartTimer, Warn
from domain.running.run_state.lost_connections import (
    FAREWELL_TIME,
    TRANSITIONS,
    Contact,
    LostConnections,
    Sign,
)
from domain.running.run_state.timers import RunTimer, TimerKind

TIMER = RunTimer(TimerKind.CONNECTION, "micro")


class Watch:
    """One instance, and the instructions for it."""

    def __init__(self, patience=30.0):
        self.connections = LostConnections(patience)
        self.done = list(self.connections.lose("micro"))
        self.attempt = 0

    def look(self):
        """Let the timer fire; return whether the program is probed."""
        done = list(self.connections.lose_patience("micro"))
        self.done += done
        probes = [item for item in done if isinstance(item, Probe)]
        if probes:
            self.attempt = probes[0].attempt
        return bool(probes)

    def find(self, presence, *, attempt=None):
        """Answer the last probe, or another; return the resulting state."""
        found = PresenceFound("micro", attempt or self.attempt, presence)
        instructions = self.connections.find(found)
        try:
            while True:
                self.done.append(next(instructions))
        except StopIteration as end:
            return end.value

    @property
    def patience(self):
        """The seconds of the last timer."""
        return [item.seconds for item in self.done if isinstance(item, StartTimer)][-1]


def test_every_state_has_a_row_and_every_step_is_used():
    assert set(TRANSITIONS) == set(Contact)
    assert {sign for row in TRANSITIONS.values() for sign in row} == set(Sign)


def test_lost_connection_is_logged_and_the_instance_gets_time_to_reconnect():
    log, timer = Watch(patience=7.0).done
    assert timer == StartTimer(TIMER, 7.0)
    assert isinstance(log, Log)
    assert log.level is LogLevel.WARNING
    assert "'micro' is disconnected" in log.text
    assert "within 7 s" in log.text


def test_instance_without_a_program_in_two_probes_in_a_row_is_given_up():
    watch = Watch()
    assert watch.look()
    assert watch.find(Presence.GONE) is Contact.SUSPECTED
    assert watch.patience == FAREWELL_TIME
    assert watch.look()
    assert watch.find(Presence.GONE) is Contact.GIVEN_UP
    assert not watch.look()


@pytest.mark.parametrize("presence", [Presence.THERE, Presence.UNKNOWN])
def test_instance_that_may_still_run_between_two_probes_is_not_given_up(presence):
    watch = Watch()
    for found in (Presence.GONE, presence, Presence.GONE):
        watch.look()
        assert watch.find(found) is not Contact.GIVEN_UP
        assert watch.patience == (FAREWELL_TIME if found is Presence.GONE else 30.0)
    watch.look()
    assert watch.find(Presence.GONE) is Contact.GIVEN_UP


def test_farewell_time_does_not_exceed_the_patience():
    watch = Watch(patience=2.0)
    watch.look()
    watch.find(Presence.GONE)
    assert watch.patience == 2.0


@pytest.mark.parametrize("presence", Presence)
def test_probe_result_is_reported_once(presence):
    watch = Watch()
    for _ in range(2):
        watch.look()
        watch.find(presence)
        watch.look()
        watch.find(Presence.THERE if presence is Presence.GONE else presence)
    logged = [item for item in watch.done if isinstance(item, Log | Warn)]
    texts = [item.text for item in logged if "has not reconnected" in item.text]
    assert len(texts) == len(set(texts)) == (2 if presence is Presence.GONE else 1)
    assert any(isinstance(item, Warn) for item in logged) == (presence is Presence.UNKNOWN)


def test_reconnected_instance_is_no_longer_probed():
    watch = Watch()
    restored = list(watch.connections.restore("micro"))
    assert restored[0] == CancelTimer(TIMER)
    assert not watch.look()
    assert list(watch.connections.restore("micro")) == []


def test_late_probe_result_is_ignored():
    watch = Watch()
    watch.look()
    first = watch.attempt
    list(watch.connections.restore("micro"))
    assert watch.find(Presence.GONE) is None
    list(watch.connections.lose("micro"))
    watch.look()
    assert watch.find(Presence.GONE, attempt=first) is None
    assert watch.find(Presence.GONE) is Contact.SUSPECTED
    assert watch.find(Presence.GONE) is None
