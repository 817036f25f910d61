"""The status of each instance, and the subscribers that are notified of changes."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.event_sink import RecordingEventSink
from application.manager.status_board import StatusBoard
from domain.coupling.messages import Wait
from domain.running.events import InstanceRegistered, InstanceStarted, InstanceState, StatusChanged
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


def test_new_state_is_published_with_its_time(board, clock, sink):
    clock.advance(5.0)
    board.show("macro", RUNNING)
    assert (board["macro"].state, board["macro"].since) == (RUNNING, clock.time())
    assert sink.events == [StatusChanged(board["macro"])]


def test_unchanged_state_keeps_its_time(board, clock):
    board.show("macro", RUNNING)
    before = board["macro"].since
    clock.advance(5.0)
    board.show("macro", RUNNING)
    assert board["macro"].since == before


def test_wait_is_in_the_status_until_it_ends(board, clock):
    board.show("macro", RUNNING)
    clock.advance(1.0)
    board.show("macro", WAITING, waiting_for=WAIT)
    assert (board["macro"].state, board["macro"].waiting_for) == (WAITING, WAIT)
    assert board["macro"].since == clock.time()
    board.show("macro", RUNNING)
    assert (board["macro"].state, board["macro"].waiting_for) == (RUNNING, None)


def test_different_wait_has_a_new_start_time(board, clock):
    board.show("macro", WAITING, waiting_for=WAIT)
    clock.advance(1.0)
    board.show("macro", WAITING, waiting_for=WAIT._replace(port="other"))
    assert board["macro"].since == clock.time()


def test_process_end_is_in_the_status(board):
    board.show("macro", InstanceState.FAILED, end=Exited(3))
    assert board["macro"].end == Exited(3)


def test_simulated_time_is_kept_when_the_state_changes(board):
    board.note_time("macro", 1.5)
    board.show("macro", RUNNING)
    assert board["macro"].simulated_time == 1.5


def test_unchanged_status_is_not_published(board, sink):
    board.show("macro", RUNNING)
    board.note_time("macro", 1.0)
    published = len(sink.events)
    board.show("macro", RUNNING)
    board.note_time("macro", 1.0)
    assert len(sink.events) == published


def test_new_subscriber_gets_only_later_events(board, sink):
    board.show("macro", RUNNING)
    late = RecordingEventSink()
    board.watch(late)
    board.note_time("macro", 1.0)
    assert late.events == sink.events[1:]


def test_published_event_has_the_time_of_the_clock(board, clock, sink):
    clock.advance(5.0)
    board.publish(InstanceStarted("macro", "node1"))
    board.publish(InstanceRegistered("macro", time=3.0))
    assert [event.time for event in sink.events] == [clock.time(), 3.0]
