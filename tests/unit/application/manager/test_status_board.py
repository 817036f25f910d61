"""The status of each instance, and the events for its changes."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.event_sink import RecordingEventSink
from application.manager.status_board import StatusBoard
from domain.coupling.messages import Wait
from domain.running.events import InstanceState, StatusChanged
from domain.running.process_end import Exited
from tests.support.models import configuration

WAIT = Wait("macro", "micro[0]", "s")
RUNNING, WAITING = InstanceState.RUNNING, InstanceState.WAITING


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def sink():
    return RecordingEventSink()


@pytest.fixture
def board(clock, sink):
    model = configuration("macro o_i -> micro f_init", sizes={"micro": (2,)}).model
    return StatusBoard(model, clock=clock, events=sink)


def test_initial_status_is_waiting_to_start_in_model_order(board, clock):
    assert [status.instance for status in board.all()] == ["macro", "micro[0]", "micro[1]"]
    assert {status.state for status in board.all()} == {InstanceState.WAITING_TO_START}
    assert {status.since for status in board.all()} == {clock.time()}


def test_status_change_is_published_with_its_time(board, clock, sink):
    clock.advance(5.0)
    board.change("macro", RUNNING)
    assert board["macro"].since == clock.time()
    assert sink.events == [StatusChanged(board["macro"])]


def test_unchanged_state_keeps_its_time(board, clock):
    board.change("macro", RUNNING)
    before = board["macro"].since
    clock.advance(5.0)
    board.change("macro", RUNNING)
    assert board["macro"].since == before


@pytest.mark.parametrize("state", [InstanceState.FAILED, InstanceState.STOPPED])
def test_failed_and_stopped_are_final_states(board, state):
    board.change("macro", state, end=Exited(3))
    board.change("macro", InstanceState.FINISHED)
    assert (board["macro"].state, board["macro"].end) == (state, Exited(3))


def test_finished_instance_can_fail_but_not_run_again(board):
    board.change("macro", InstanceState.FINISHED)
    board.change("macro", RUNNING)
    assert board["macro"].state is InstanceState.FINISHED
    board.change("macro", InstanceState.FAILED, end=Exited(1))
    assert board["macro"].state is InstanceState.FAILED


def test_wait_is_in_the_status_until_it_ends(board, clock):
    board.change("macro", RUNNING)
    clock.advance(1.0)
    board.note_wait("macro", WAIT)
    assert (board["macro"].state, board["macro"].waiting_for) == (WAITING, WAIT)
    assert board["macro"].since == clock.time()
    board.note_wait("macro", None)
    assert (board["macro"].state, board["macro"].waiting_for) == (RUNNING, None)


def test_wait_of_an_instance_that_is_not_running_is_ignored(board, sink):
    board.note_wait("macro", WAIT)
    assert board["macro"].state is InstanceState.WAITING_TO_START
    assert sink.events == []


def test_unchanged_status_is_not_published(board, sink):
    board.change("macro", RUNNING)
    board.note_time("macro", 1.0)
    before = len(sink.events)
    board.note_wait("macro", None)
    board.note_time("macro", 1.0)
    assert len(sink.events) == before


def test_new_subscriber_gets_only_later_events(board, sink):
    board.change("macro", RUNNING)
    late = RecordingEventSink()
    board.watch(late)
    board.note_time("macro", 1.0)
    assert late.events == sink.events[1:]
