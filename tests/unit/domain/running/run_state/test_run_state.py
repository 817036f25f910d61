"""A whole run: connections, timers, and any events in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coupling.messages import Wait
from domain.running.events import InstanceState
from domain.running.failure_kinds import FailureKind
from domain.running.presence import Presence
from domain.running.process_end import SUCCESS, Exited, Killed, NeverStarted, NodeLost
from domain.running.run_state import events
from domain.running.run_state.events import (
    ConnectionLost,
    ConnectionRestored,
    Deregistered,
    FailureReported,
    PresenceFound,
    ProgramEnded,
    StopCommanded,
    WaitChanged,
)
from domain.running.run_state.instructions import Probe
from domain.running.run_state.lost_connections import FAREWELL_TIME
from domain.running.run_state.run_phases import PATIENCE
from domain.running.run_state.saving import SAVING_TIMER
from domain.running.run_state.timers import RunTimer, TimerKind
from tests.unit.domain.running.run_state.runs import NAMES, Run

WAIT = Wait("micro", "macro", "f_init")
TIMER = RunTimer(TimerKind.CONNECTION, "micro")


def lost(*agents):
    """A run in which micro, while it waits, loses its connection."""
    run = Run(*agents)
    run.register(*NAMES)
    run.handle(WaitChanged("micro", WAIT), ConnectionLost("micro"))
    return run


def look(run, presence):
    """Let the time for micro to reconnect end, and answer the probe."""
    (probe,) = run.fire(TIMER)
    assert isinstance(probe, Probe)
    return run.handle(PresenceFound("micro", probe.attempt, presence))


def test_user_started_instance_without_a_connection_is_shown_as_disconnected():
    run = lost()
    assert run.states["micro"] is InstanceState.DISCONNECTED
    assert run.timers == {TIMER: 30.0}


def test_agent_started_instance_without_a_connection_is_left_to_its_agent():
    run = lost(*NAMES)
    assert run.states["micro"] is InstanceState.WAITING
    assert run.timers == {}


@pytest.mark.parametrize(
    "order",
    [
        (ConnectionLost("micro"), ProgramEnded("micro")),
        (ProgramEnded("micro"), ConnectionLost("micro")),
    ],
)
def test_instance_whose_program_ended_is_given_up_without_time_to_reconnect(order):
    run = Run(reconnect_time=3600.0)
    run.register(*NAMES)
    run.handle(*order)
    assert run.states["micro"] is InstanceState.FAILED
    assert TIMER not in run.timers
    run.handle(FailureReported("macro", "lost", FailureKind.LOST_PEER), Deregistered("macro"))
    assert run.result.failed_instances[0] == "micro"
    assert "without deregistering, and its program has ended" in run.result.cause


def test_ended_program_leads_the_verdict_after_the_report_of_its_peer():
    run = Run(reconnect_time=3600.0)
    run.register(*NAMES)
    run.handle(FailureReported("macro", "lost", FailureKind.LOST_PEER), Deregistered("macro"))
    run.handle(ConnectionLost("micro"), ProgramEnded("micro"))
    assert run.result.failed_instances == ("micro", "macro")


def test_program_that_ended_while_its_connection_goes_on_is_not_given_up():
    run = Run()
    run.register(*NAMES)
    run.handle(ProgramEnded("micro"))
    assert run.states["micro"] is InstanceState.RUNNING
    run.register("micro")
    run.handle(ConnectionLost("micro"))
    assert run.states["micro"] is InstanceState.DISCONNECTED


def test_program_that_ended_after_it_deregistered_is_no_failure():
    run = Run()
    run.register(*NAMES)
    run.handle(Deregistered("micro"), ConnectionLost("micro"), ProgramEnded("micro"))
    assert run.states["micro"] is InstanceState.FINISHED


def test_failed_instance_whose_program_ended_is_not_awaited():
    run = Run()
    run.register(*NAMES)
    run.handle(Deregistered("macro"), FailureReported("micro", "a mesh", FailureKind.OWN))
    assert run.result is None
    run.handle(ProgramEnded("micro"))
    assert run.result.failed_instances == ("micro",)


def test_reconnected_instance_returns_to_its_previous_state():
    run = lost()
    run.handle(ConnectionRestored("micro"))
    assert run.states["micro"] is InstanceState.WAITING
    assert run.timers == {}


def test_instance_whose_program_still_runs_is_shown_as_before():
    run = lost()
    look(run, Presence.THERE)
    assert run.states["micro"] is InstanceState.WAITING
    assert run.timers == {TIMER: 30.0}


def test_instance_that_may_still_run_is_shown_as_disconnected():
    run = lost()
    look(run, Presence.UNKNOWN)
    assert run.states["micro"] is InstanceState.DISCONNECTED
    assert run.timers == {TIMER: 30.0}


def test_instance_without_a_program_in_two_probes_fails_the_run():
    run = lost()
    look(run, Presence.GONE)
    assert run.timers == {TIMER: FAREWELL_TIME}
    assert run.result is None
    look(run, Presence.GONE)
    assert run.result.failed_instances == ("micro",)
    assert run.states["micro"] is InstanceState.FAILED
    assert run.state.by_hand == {"macro"}


@pytest.mark.parametrize(
    "event",
    [
        StopCommanded("enough", is_interruption=True),
        FailureReported("micro", "out of cheese", FailureKind.OWN),
    ],
)
def test_instance_that_the_run_does_not_wait_for_is_not_probed(event):
    run = lost()
    run.handle(event)
    assert run.fire(TIMER) == []


def test_lost_connection_of_a_finished_or_failed_instance_is_ignored():
    run = Run()
    run.register(*NAMES)
    run.handle(Deregistered("macro"), ConnectionLost("macro"))
    run.handle(FailureReported("micro", "out of cheese", FailureKind.OWN), ConnectionLost("micro"))
    assert run.states == {"macro": InstanceState.FINISHED, "micro": InstanceState.FAILED}
    assert run.timers.keys() == {PATIENCE}


names = st.sampled_from(NAMES)
ends = st.sampled_from(
    [SUCCESS, Exited(1), Killed(9), Killed(15), NeverStarted("x"), NodeLost("x")]
)
steps = st.lists(
    st.one_of(
        st.builds(events.ProcessEnded, names, ends),
        st.builds(events.NodeFailed, st.just("n0"), st.just("gone")),
        st.builds(events.Registered, names, st.booleans()),
        st.builds(events.Deregistered, names),
        st.builds(events.WaitChanged, names, st.none() | st.just(WAIT)),
        st.builds(
            events.FailureReported, names, st.just("x"), st.none() | st.sampled_from(FailureKind)
        ),
        st.just(events.DeadlockDetected((WAIT, Wait("macro", "micro", "s")))),
        st.builds(events.ConnectionLost, names),
        st.builds(events.ConnectionRestored, names),
        st.builds(events.PresenceFound, names, st.integers(1, 4), st.sampled_from(Presence)),
        st.just(events.StopAsked("asked")),
        st.builds(events.StopCommanded, st.just("commanded"), st.booleans()),
        st.just(events.SnapshotsCompleted()),
        st.just("let a timer fire"),
    ),
    max_size=25,
)


@given(st.sampled_from([(), ("macro",), NAMES]), st.sampled_from([None, 60.0]), steps)
def test_run_finishes_once_for_any_sequence_of_events(agents, save_time, happenings):
    run = Run(*agents, save_time=save_time)
    final = {}
    for event in happenings:
        if event != "let a timer fire":
            run.handle(event)
        elif run.timers:
            run.fire(min(run.timers, key=str))
        for name, state in final.items():
            assert run.states[name] is state
        final = {
            name: state
            for name, state in run.states.items()
            if state in (InstanceState.FAILED, InstanceState.STOPPED)
        }
        assert run.is_cancelling or run.result is not None or run.state.is_going_on
    run.handle(StopCommanded("the end", is_interruption=True))
    run.handle(*(events.ProcessEnded(name, Killed(15)) for name in agents))
    assert run.result is not None
    assert not run.state.is_going_on
    assert not {PATIENCE, SAVING_TIMER} & run.timers.keys()
