"""What every EventSink promises."""

import io
import threading
from abc import ABC, abstractmethod

import pytest

from adapters.callbacks.event_dispatcher import CallbackEventSink
from adapters.in_memory.event_sink import RecordingEventSink
from adapters.terminal.live_panel import LivePanel
from adapters.terminal.plain_progress import PlainProgress
from application.interfaces.logbook import EventSink
from domain.coupling.messages import LogRecord, Wait
from domain.running.events import (
    DeadlockFound,
    InstanceDeregistered,
    InstanceExited,
    InstanceRegistered,
    InstanceStarted,
    InstanceState,
    InstanceStatus,
    LogRecorded,
    RunFinished,
    SnapshotAnnounced,
    SnapshotFailed,
    StatusChanged,
    StopRequested,
)
from domain.running.process_end import Killed

WAIT = Wait("micro[3]", "macro", "init", 0)
EVENTS = [
    InstanceStarted("macro", "node1"),
    InstanceRegistered("macro"),
    *(StatusChanged(InstanceStatus("macro", state, 0.0, WAIT, 1.5, -9)) for state in InstanceState),
    StatusChanged(InstanceStatus("unheard_of", InstanceState.RUNNING, float("inf"))),
    LogRecorded(LogRecord("micro[3]", float("nan"), 12345, "\x1b[0m[red]\ud800")),
    LogRecorded(LogRecord("micro[3]", 0.0, 40, "")),
    DeadlockFound((WAIT,)),
    DeadlockFound(()),
    StopRequested("SIGTERM", 30.0),
    StopRequested("SIGTERM", 0.0, ("macro", "micro[3]")),
    SnapshotAnnounced("snapshot.ymmsl"),
    SnapshotFailed("the disk is full"),
    SnapshotFailed("the disk is full", "macro"),
    InstanceDeregistered("macro"),
    InstanceExited("macro", Killed(9)),
    RunFinished(succeeded=False, cause="", failed_instances=("macro",)),
]


class EventSinkContract(ABC):
    """To be subclassed for each adapter."""

    @abstractmethod
    def make(self) -> EventSink:
        """Return a new sink."""

    @abstractmethod
    def close(self, sink: EventSink) -> None:
        """Let go of a sink, if there is something to let go of."""

    @pytest.fixture
    def sink(self):
        sink = self.make()
        yield sink
        self.close(sink)

    def test_it_takes_every_kind_of_event(self, sink):
        for event in EVENTS:
            sink.notify(event)

    def test_it_takes_events_from_several_threads(self, sink):
        def notify_all():
            for event in EVENTS:
                sink.notify(event)

        threads = [threading.Thread(target=notify_all) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_it_takes_events_when_it_is_closed(self, sink):
        self.close(sink)
        for event in EVENTS:
            sink.notify(event)


class TestRecordingEventSink(EventSinkContract):
    def make(self):
        return RecordingEventSink()

    def close(self, sink):
        """There is nothing to let go of."""

    def test_it_keeps_the_order(self, sink):
        for event in EVENTS:
            sink.notify(event)
        assert sink.events == EVENTS


class TestPlainProgress(EventSinkContract):
    def make(self):
        return PlainProgress("a_model", ["macro"], stream=io.StringIO(), period=0.001)

    def close(self, sink):
        sink.close()


class TestLivePanel(EventSinkContract):
    def make(self):
        return LivePanel("a_model", ["macro"], stream=io.StringIO(), period=0.001)

    def close(self, sink):
        sink.close()


class TestCallbackEventSink(EventSinkContract):
    def make(self):
        sink = CallbackEventSink(on_complaint=lambda _: None)
        sink.subscribe(self.fail)
        return sink

    def close(self, sink):
        sink.close()

    def fail(self, event):
        raise RuntimeError(event)
