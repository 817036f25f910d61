"""Troubles with clients are told, but a client cannot fill the log with them."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.event_sink import RecordingEventSink
from adapters.in_memory.logbook import InMemoryLogbook
from application.manager.status_board import StatusBoard
from application.manager.trouble_report import TroubleReport
from domain.running.events import LogRecorded
from tests.support.models import configuration


class Bench:
    """A report, and what becomes of what it is told."""

    def __init__(self) -> None:
        clock = ManualClock()
        self.events = RecordingEventSink()
        self.logbook = InMemoryLogbook()
        board = StatusBoard(configuration("a").model, clock=clock, events=self.events)
        self.report = TroubleReport(board=board, logbook=self.logbook, clock=clock)


@pytest.fixture
def bench():
    return Bench()


def test_a_trouble_is_logged_and_shown(bench):
    bench.report.note("rubbish on the port")
    (record,) = bench.logbook.records
    assert (record.level, record.text) == (30, "rubbish on the port")
    assert bench.events.events == [LogRecorded(record)]


def test_the_same_trouble_is_told_once(bench):
    for text in ("one", "other", "one"):
        bench.report.note(text)
    assert [record.text for record in bench.logbook.records] == ["one", "other"]
