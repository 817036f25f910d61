"""Programs that hang."""

import math

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.event_sink import RecordingEventSink
from application.manager.stall_watch import StallWatch
from application.manager.status_board import StatusBoard
from domain.coupling.messages import Wait
from domain.running.activity import Activity
from domain.running.events import InstanceState
from tests.support.models import configuration

STALL_TIME = 60.0
WAIT = Wait("micro", "macro", "in")
DOING_NOTHING = pytest.mark.parametrize(
    ("activity", "word"),
    [(Activity.STOPPED, "stopped"), (Activity.IDLE, "idle"), (Activity.BLOCKED, "blocked")],
)


class Bench:
    def __init__(self, *, stall_time=STALL_TIME):
        self.clock = ManualClock()
        self.board = StatusBoard(
            configuration("macro\nmicro").model, clock=self.clock, events=RecordingEventSink()
        )
        self.lines = []
        self.reporting_waits = {"macro", "micro"}
        self.stalls = StallWatch(
            stall_time=stall_time,
            board=self.board,
            reports_waits=self.reporting_waits.__contains__,
            scheduler=self.clock,
            report=self.lines.append,
        )
        self.board.watch(self.stalls)
        self.board.show("micro", InstanceState.RUNNING)

    def note(self, activity):
        self.stalls.note_activities({"micro": activity})

    @property
    def stall(self):
        return self.board["micro"].stall


@pytest.fixture
def bench():
    return Bench()


@DOING_NOTHING
def test_hanging_program_is_reported_once(bench, activity, word):
    bench.note(activity)
    bench.clock.advance(STALL_TIME - 1)
    assert (bench.lines, bench.stall) == ([], "")
    bench.clock.advance(2)
    bench.clock.advance(10 * STALL_TIME)
    (line,) = bench.lines
    assert line.startswith("Instance 'micro' seems to hang")
    assert bench.stall == word


@DOING_NOTHING
def test_program_that_continues_is_reported_and_may_hang_again(bench, activity, word):
    for _ in range(2):
        bench.note(activity)
        bench.clock.advance(STALL_TIME)
        assert bench.stall == word
        bench.note(Activity.BUSY)
        assert bench.stall == ""
    assert bench.lines[1::2] == ["Instance 'micro' continues."] * 2


def test_busy_program_does_not_hang(bench):
    bench.note(Activity.IDLE)
    bench.clock.advance(STALL_TIME / 2)
    bench.note(Activity.BUSY)
    bench.clock.advance(10 * STALL_TIME)
    assert bench.lines == []


def test_program_that_exchanges_messages_does_not_hang(bench):
    bench.note(Activity.IDLE)
    for time in range(10):
        bench.board.note_time("micro", float(time))
        bench.clock.advance(STALL_TIME / 2)
    assert bench.lines == []


def test_message_of_a_hanging_program_shows_that_it_continues(bench):
    bench.note(Activity.IDLE)
    bench.clock.advance(STALL_TIME)
    bench.board.note_time("micro", 1.0)
    assert bench.lines[1:] == ["Instance 'micro' continues."]
    bench.clock.advance(STALL_TIME)
    assert bench.stall == "idle"


@pytest.mark.parametrize("activity", [Activity.IDLE, Activity.BLOCKED])
def test_program_that_waits_for_a_message_does_not_hang(bench, activity):
    bench.note(activity)
    bench.board.show("micro", InstanceState.WAITING, waiting_for=WAIT)
    bench.clock.advance(10 * STALL_TIME)
    assert bench.lines == []
    bench.board.show("micro", InstanceState.RUNNING)
    bench.clock.advance(STALL_TIME)
    assert bench.stall == activity.value


def test_program_that_is_stopped_while_it_waits_hangs(bench):
    bench.board.show("micro", InstanceState.WAITING, waiting_for=WAIT)
    bench.note(Activity.STOPPED)
    bench.clock.advance(STALL_TIME)
    assert bench.stall == "stopped"
    bench.board.note_time("micro", 1.0)
    assert bench.stall == "stopped"


def test_idle_program_that_reports_no_waits_may_wait_for_a_message(bench):
    bench.reporting_waits.clear()
    bench.note(Activity.IDLE)
    bench.clock.advance(STALL_TIME)
    assert bench.lines == []
    bench.note(Activity.STOPPED)
    bench.clock.advance(STALL_TIME)
    assert bench.stall == "stopped"


@pytest.mark.parametrize("time", [STALL_TIME / 2, STALL_TIME])
def test_program_that_has_ended_does_not_hang(bench, time):
    bench.note(Activity.STOPPED)
    bench.clock.advance(time)
    before = list(bench.lines)
    bench.board.show("micro", InstanceState.FAILED)
    bench.clock.advance(10 * STALL_TIME)
    assert (bench.lines, bench.stall) == (before, "")


def test_infinite_stall_time_reports_nothing():
    bench = Bench(stall_time=math.inf)
    bench.note(Activity.STOPPED)
    bench.clock.advance(1e9)
    assert bench.lines == []


def test_closed_watch_reports_nothing(bench):
    bench.note(Activity.STOPPED)
    bench.stalls.close()
    bench.clock.advance(STALL_TIME)
    assert bench.lines == []
