"""Instances that were started by hand, and have lost their connection."""

from domain.events import InstanceState
from domain.identity import Reference
from domain.messages import Wait
from tests.support.desks import InMemoryDesk
from tests.unit.application.manager.runs import desk_for, live, register, started


def lose(desk: InMemoryDesk, name: str, *, seconds: float) -> None:
    desk.desk.note_disconnected(name)
    desk.clock.advance(seconds)


def test_who_was_started_by_hand_and_does_not_come_back_has_failed():
    desk = desk_for()
    register(desk, "macro", "micro")
    lose(desk, "micro", seconds=29.9)
    assert desk.results == []
    assert desk.board["micro"].state is InstanceState.DISCONNECTED
    desk.clock.advance(0.2)
    (result,) = desk.results
    assert not result.succeeded
    assert result.failed_instances == ("micro",)
    assert result.cause == (
        "Instance 'micro' failed: it closed its connection to the manager without deregistering,"
        " and did not come back within 30 s: did its program crash?"
    )
    assert result.output_directory == ""
    assert desk.board["micro"].state is InstanceState.FAILED


def test_who_comes_back_in_time_goes_on_with_what_it_did():
    desk = desk_for()
    register(desk, "macro", "micro")
    wait = Wait("macro", "micro", "s")
    desk.desk.waiting_for_receive(wait)
    lose(desk, "macro", seconds=29.9)
    desk.desk.note_connected("macro")
    assert desk.board["macro"].waiting_for == wait
    desk.clock.advance(60)
    assert desk.results == []
    lose(desk, "macro", seconds=30.1)
    assert desk.results[0].failed_instances == ("macro",)


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
    desk.control.note_exit("macro", 1, None)
    (result,) = desk.results
    assert result.failed_instances == ("micro", "macro")
    assert "closed its connection to the manager" in result.cause
