"""Instances that were started by hand, and have lost their connection."""

from domain.coupling.messages import Wait
from domain.identity import Reference
from domain.running.events import InstanceState, LogRecorded
from domain.running.presence import Presence
from domain.running.process_end import Exited
from domain.running.run_state.lost_connections import FAREWELL_TIME
from domain.running.run_state.run_phases import LEAVING_PATIENCE, VICTIM_PATIENCE
from tests.support.desks import InMemoryDesk
from tests.unit.application.manager.runs import PLACES, desk_for, live, register, started

GONE = (
    "Instance 'micro' failed: it closed its connection to the manager without deregistering, did"
    " not reconnect, and its program is no longer running: its output, where you started it, may"
    " show why."
)


def find(desk: InMemoryDesk, presence: Presence) -> None:
    """Have the manager find that of every instance that it looks for."""
    desk.probe.presence = dict.fromkeys(PLACES, presence)


def log_of(desk: InMemoryDesk, containing: str) -> list[str]:
    return [record.text for record in desk.logbook.records if containing in record.text]


def lose(desk: InMemoryDesk, name: str, *, seconds: float) -> None:
    desk.desk.note_disconnected(name)
    desk.clock.advance(seconds)


def test_who_was_started_by_hand_and_does_not_come_back_has_failed():
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


def test_who_comes_back_in_time_goes_on_with_what_it_did():
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


def test_who_is_still_there_is_waited_for_until_it_is_gone():
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


def test_of_whom_nothing_can_be_seen_the_user_is_told_once_how_to_stop_the_run():
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


def test_who_closes_its_port_before_it_connects_to_say_that_it_is_done_is_not_given_up():
    desk = desk_for()
    register(desk, "macro", "micro")
    find(desk, Presence.GONE)
    lose(desk, "micro", seconds=30)
    desk.desk.note_connected("micro")
    for name in ("micro", "macro"):
        desk.desk.deregister_instance(name)
    assert desk.results[0].succeeded


def test_who_is_there_again_has_not_been_gone():
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


def test_who_comes_back_while_it_is_looked_for_is_not_given_up():
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


def test_nobody_is_looked_for_when_the_run_is_over():
    desk = desk_for()
    register(desk, "macro", "micro")
    lose(desk, "micro", seconds=1)
    desk.control.stop("enough")
    desk.clock.advance(60)
    assert log_of(desk, "has not reconnected") == []


def test_who_has_said_that_it_failed_is_not_looked_for_any_more():
    desk = desk_for()
    register(desk, "macro", "micro")
    find(desk, Presence.GONE)
    desk.desk.report_failed("macro", "Did the peer crash?")
    lose(desk, "macro", seconds=LEAVING_PATIENCE)
    (result,) = desk.results
    assert result.failed_instances == ("macro",)
    assert log_of(desk, "is disconnected") == []


def test_who_has_deregistered_may_go():
    desk = desk_for()
    live(desk, "macro")
    lose(desk, "macro", seconds=60)
    assert desk.results == []
    assert desk.board["macro"].state is InstanceState.FINISHED


def test_of_those_that_an_agent_has_started_the_agent_tells_the_end():
    desk = started()
    register(desk, "macro")
    lose(desk, "macro", seconds=60)
    assert desk.results == []
    assert desk.board["macro"].state is InstanceState.RUNNING


def test_who_is_gone_is_to_blame_for_who_lost_it_as_a_peer():
    desk = started(manual=("micro",))
    register(desk, "macro", "micro")
    desk.desk.note_disconnected("micro")
    desk.run_directory.outputs[Reference("macro")] = "RuntimeError: did the peer crash?"
    desk.control.note_exit("macro", Exited(1))
    desk.clock.advance(VICTIM_PATIENCE)
    (result,) = desk.results
    assert result.failed_instances == ("micro", "macro")
    assert "closed its connection to the manager" in result.cause
