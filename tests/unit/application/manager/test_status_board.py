"""The status of each instance, and who is told of its changes."""

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


def test_at_first_all_wait_to_be_started_in_the_order_of_the_model(board, clock):
    assert [status.instance for status in board.all()] == ["macro", "micro[0]", "micro[1]"]
    assert {status.state for status in board.all()} == {InstanceState.WAITING_TO_START}
    assert {status.since for status in board.all()} == {clock.time()}


def test_a_change_is_told_with_its_time(board, clock, sink):
    clock.advance(5.0)
    board.change("macro", RUNNING)
    assert board["macro"].since == clock.time()
    assert sink.events == [StatusChanged(board["macro"])]


def test_the_same_state_again_is_as_old_as_it_was(board, clock):
    board.change("macro", RUNNING)
    before = board["macro"].since
    clock.advance(5.0)
    board.change("macro", RUNNING)
    assert board["macro"].since == before


@pytest.mark.parametrize("state", [InstanceState.FAILED, InstanceState.STOPPED])
def test_who_has_failed_or_was_stopped_stays_so(board, state):
    board.change("macro", state, end=Exited(3))
    board.change("macro", InstanceState.FINISHED)
    assert (board["macro"].state, board["macro"].end) == (state, Exited(3))


def test_who_has_finished_can_fail_after_all_but_not_run_again(board):
    board.change("macro", InstanceState.FINISHED)
    board.change("macro", RUNNING)
    assert board["macro"].state is InstanceState.FINISHED
    board.change("macro", InstanceState.FAILED, end=Exited(1))
    assert board["macro"].state is InstanceState.FAILED


def test_a_wait_is_shown_while_it_lasts(board, clock):
    board.change("macro", RUNNING)
    clock.advance(1.0)
    board.note_wait("macro", WAIT)
    assert (board["macro"].state, board["macro"].waiting_for) == (WAITING, WAIT)
    assert board["macro"].since == clock.time()
    board.note_wait("macro", None)
    assert (board["macro"].state, board["macro"].waiting_for) == (RUNNING, None)


def test_who_does_not_run_does_not_wait(board, sink):
    board.note_wait("macro", WAIT)
    assert board["macro"].state is InstanceState.WAITING_TO_START
    assert sink.events == []


def test_what_has_not_changed_is_not_told(board, sink):
    board.change("macro", RUNNING)
    board.note_time("macro", 1.0)
    told = len(sink.events)
    board.note_wait("macro", None)
    board.note_time("macro", 1.0)
    assert len(sink.events) == told


def test_another_watcher_is_told_from_now_on(board, sink):
    board.change("macro", RUNNING)
    late = RecordingEventSink()
    board.watch(late)
    board.note_time("macro", 1.0)
    assert late.events == sink.events[1:]
