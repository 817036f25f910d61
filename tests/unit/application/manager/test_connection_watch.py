"""Manually started instances that have lost their connection."""

from domain.coupling.messages import Wait
from domain.identity import Reference
from domain.running.events import InstanceState, LogRecorded
from domain.running.presence import Presence
from domain.running.process_end import Exited
from domain.running.run_state.lost_connections import FAREWELL_TIME
from domain.running.run_state.run_phases import LEAVING_PATIENCE, VICTIM_PATIENCE
from tests.support.in_memory_services import InMemoryServices
from tests.unit.application.manager.runs import PLACES, desk_for, live, register, started

GONE = (
    "Instance 'micro' failed: it closed its connection to the manager without deregistering, did"
    " not reconnect, and its program is no longer running: its output, where you started it, may"
    " show why."
)


def find(desk: InMemoryServices, presence: Presence) -> None:
    """Set the result of every probe."""
    desk.probe.presence = dict.fromkeys(PLACES, presence)


def log_of(desk: InMemoryServices, containing: str) -> list[str]:
    return [record.text for record in desk.logbook.records if containing in record.text]


def lose(desk: InMemoryServices, name: str, *, seconds: float) -> None:
    desk.desk.note_disconnected(name)
    desk.clock.advance(seconds)


def test_manually_started_instance_that_does_not_reconnect_fails():
    desk = desk_for()
    register(desk, "macro", "micro")
    find(desk, Presence.GONE)
    lose(desk, "micro", seconds=29.9)
    assert desk.results == []
    assert desk.board["micro"].state is InstanceState.DISCONNECTED
    desk.clock.advance(0.2 + FAREWELL_TIME)
    (result,) = desk.results
    assert not result.succeeded
    assert result.failed_instances == ("micro",)
    assert result.cause == GONE
    assert result.output_directory == ""
    assert desk.board["micro"].state is InstanceState.FAILED


def test_reconnected_instance_returns_to_its_previous_state():
    desk = desk_for()
    register(desk, "macro", "micro")
    find(desk, Presence.GONE)
    wait = Wait("macro", "micro", "s")
    desk.desk.waiting_for_receive(wait)
    lose(desk, "macro", seconds=29.9)
    desk.desk.note_connected("macro")
    assert desk.board["macro"].waiting_for == wait
    desk.clock.advance(60)
    assert desk.results == []
    lose(desk, "macro", seconds=30.1 + FAREWELL_TIME)
    assert desk.results[0].failed_instances == ("macro",)


def test_run_waits_for_a_disconnected_instance_while_its_program_runs():
    desk = desk_for()
    register(desk, "macro", "micro")
    find(desk, Presence.THERE)
    wait = Wait("micro", "macro", "f_init")
    desk.desk.waiting_for_receive(wait)
    lose(desk, "micro", seconds=1000)
    assert desk.results == []
    assert desk.board["micro"].waiting_for == wait
    assert len(log_of(desk, "'micro' has not reconnected, but its program is still running")) == 1
    find(desk, Presence.GONE)
    desk.clock.advance(30 + FAREWELL_TIME)
    assert desk.results[0].cause == GONE


def test_instance_that_cannot_be_probed_causes_one_warning():
    desk = desk_for()
    register(desk, "macro", "micro")
    lose(desk, "micro", seconds=1000)
    assert desk.results == []
    assert desk.board["micro"].state is InstanceState.DISCONNECTED
    (warning,) = log_of(desk, "the manager cannot find out whether its program is still running")
    assert "stop the run with Ctrl-C, or by sending SIGTERM to the manager" in warning
    shown = [event.record.text for event in desk.sink.events if isinstance(event, LogRecorded)]
    assert shown == [warning]
    find(desk, Presence.GONE)
    desk.clock.advance(30 + FAREWELL_TIME)
    assert desk.results[0].cause == GONE


def test_instance_that_reconnects_only_to_deregister_is_not_given_up():
    desk = desk_for()
    register(desk, "macro", "micro")
    find(desk, Presence.GONE)
    lose(desk, "micro", seconds=30)
    desk.desk.note_connected("micro")
    for name in ("micro", "macro"):
        desk.desk.deregister_instance(name)
    assert desk.results[0].succeeded


def test_instance_found_in_the_second_probe_is_not_given_up():
    desk = desk_for()
    register(desk, "macro", "micro")
    find(desk, Presence.GONE)
    lose(desk, "micro", seconds=30)
    find(desk, Presence.THERE)
    desk.clock.advance(FAREWELL_TIME)
    find(desk, Presence.GONE)
    desk.clock.advance(30)
    assert desk.results == []
    desk.clock.advance(FAREWELL_TIME)
    assert desk.results[0].cause == GONE


def test_probe_result_from_before_a_reconnection_is_ignored():
    desk = desk_for()
    register(desk, "macro", "micro")
    found = []
    desk.probe.look = lambda _, callback: found.append(callback)
    lose(desk, "micro", seconds=30)
    desk.desk.note_connected("micro")
    lose(desk, "micro", seconds=1)
    found[0](Presence.GONE)
    desk.clock.advance(1)
    assert desk.results == []
    assert desk.board["micro"].state is InstanceState.DISCONNECTED


def test_instances_are_not_probed_after_the_run():
    desk = desk_for()
    register(desk, "macro", "micro")
    lose(desk, "micro", seconds=1)
    desk.control.stop("enough")
    desk.clock.advance(60)
    assert log_of(desk, "has not reconnected") == []


def test_instance_that_reported_a_failure_is_not_probed():
    desk = desk_for()
    register(desk, "macro", "micro")
    find(desk, Presence.GONE)
    desk.desk.report_failed("macro", "Did the peer crash?")
    lose(desk, "macro", seconds=LEAVING_PATIENCE)
    (result,) = desk.results
    assert result.failed_instances == ("macro",)
    assert log_of(desk, "is disconnected") == []


def test_deregistered_instance_may_disconnect():
    desk = desk_for()
    live(desk, "macro")
    lose(desk, "macro", seconds=60)
    assert desk.results == []
    assert desk.board["macro"].state is InstanceState.FINISHED


def test_agent_started_instance_is_not_probed():
    desk = started()
    register(desk, "macro")
    lose(desk, "macro", seconds=60)
    assert desk.results == []
    assert desk.board["macro"].state is InstanceState.RUNNING


def test_disconnected_instance_is_the_cause_of_lost_peer_failures():
    desk = started(manual=("micro",))
    register(desk, "macro", "micro")
    desk.desk.note_disconnected("micro")
    desk.run_directory.outputs[Reference("macro")] = "RuntimeError: did the peer crash?"
    desk.control.note_exit("macro", Exited(1))
    desk.clock.advance(VICTIM_PATIENCE)
    (result,) = desk.results
    assert result.failed_instances == ("micro", "macro")
    assert "closed its connection to the manager" in result.cause
