"""Contract of EventSink."""

import io

from adapters.callbacks.event_dispatcher import CallbackEventSink
from adapters.in_memory.event_sink import RecordingEventSink
from adapters.terminal.live_panel import LivePanel
from adapters.terminal.plain_progress import PlainProgress
from conjoin.testing import EventSinkContract
from conjoin.testing.event_sink import EVENTS


class TestRecordingEventSink(EventSinkContract):
    def make(self):
        return RecordingEventSink()

    def close(self, sink):
        """Do nothing: this adapter has nothing to close."""

    def test_events_are_recorded_in_order(self, sink):
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
        sink = CallbackEventSink(on_error=lambda _: None)
        sink.subscribe(self.fail)
        return sink

    def close(self, sink):
        sink.close()

    def fail(self, event):
        raise RuntimeError(event)
