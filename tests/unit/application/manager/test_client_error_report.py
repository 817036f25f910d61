"""Client errors are reported once each."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.event_sink import RecordingEventSink
from adapters.in_memory.logbook import InMemoryLogbook
from application.manager.client_error_report import ClientErrorReport
from application.manager.status_board import StatusBoard
from domain.running.events import LogRecorded
from tests.support.models import configuration


class Bench:
    """A client error report with recorded output."""

    def __init__(self) -> None:
        clock = ManualClock()
        self.events = RecordingEventSink()
        self.logbook = InMemoryLogbook()
        board = StatusBoard(configuration("a").model, clock=clock, events=self.events)
        self.report = ClientErrorReport(board=board, logbook=self.logbook, clock=clock)


@pytest.fixture
def bench():
    return Bench()


def test_client_error_is_logged_and_published(bench):
    bench.report.note("rubbish on the port")
    (record,) = bench.logbook.records
    assert (record.level, record.text) == (30, "rubbish on the port")
    assert bench.events.events == [LogRecorded(record)]


def test_duplicate_client_error_is_logged_once(bench):
    for text in ("one", "other", "one"):
        bench.report.note(text)
    assert [record.text for record in bench.logbook.records] == ["one", "other"]
