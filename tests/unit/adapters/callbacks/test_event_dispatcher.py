"""Which callbacks each event triggers, and what a callback may do."""

import threading

import pytest

from adapters.callbacks.event_dispatcher import CallbackEventSink
from domain.running.events import InstanceRegistered

EVENTS = [InstanceRegistered(f"micro[{number}]") for number in range(20)]
PATIENCE = 60.0


@pytest.fixture
def error_messages():
    return []


@pytest.fixture
def sink(error_messages):
    sink = CallbackEventSink(on_error=error_messages.append)
    yield sink
    sink.close()


def test_subscribers_receive_all_events_in_order(sink):
    first, second = [], []
    sink.subscribe(first.append)
    sink.subscribe(second.append)
    for event in EVENTS:
        sink.notify(event)
    sink.close()
    assert first == second == EVENTS


def test_callbacks_run_on_one_named_thread(sink):
    seen = []
    for _ in range(2):
        sink.subscribe(lambda event: seen.append(threading.current_thread().name))
    sink.notify(EVENTS[0])
    sink.close()
    assert seen == ["conjoin-events"] * 2


def test_sink_without_subscribers_starts_no_thread(sink):
    sink.notify(EVENTS[0])
    assert "conjoin-events" not in [thread.name for thread in threading.enumerate()]


def test_events_before_the_subscription_are_not_delivered(sink):
    seen = []
    sink.notify(EVENTS[0])
    sink.subscribe(seen.append)
    sink.notify(EVENTS[1])
    sink.close()
    assert seen == [EVENTS[1]]


def test_unsubscribed_callback_is_not_called(sink):
    seen = []
    unsubscribe = sink.subscribe(seen.append)
    unsubscribe()
    unsubscribe()
    sink.notify(EVENTS[0])
    sink.close()
    assert seen == []


def test_callback_can_unsubscribe_itself(sink):
    seen = []

    def once(event):
        seen.append(event)
        unsubscribe()

    unsubscribe = sink.subscribe(once)
    for event in EVENTS:
        sink.notify(event)
    sink.close()
    assert seen == EVENTS[:1]


def test_exception_in_a_callback_is_logged_and_others_are_still_called(sink, error_messages):
    seen = []

    def broken(event):
        raise ValueError("my own mistake")

    sink.subscribe(broken)
    sink.subscribe(seen.append)
    sink.notify(EVENTS[0])
    sink.notify(EVENTS[1])
    sink.close()
    assert seen == EVENTS[:2]
    line = broken.__code__.co_firstlineno + 1
    text = (
        "A subscriber raised ValueError on InstanceRegistered: my own mistake"
        f' ({__file__}, line {line}, in broken: raise ValueError("my own mistake"))'
    )
    assert error_messages == [text, text]


def test_notify_does_not_wait_for_a_slow_callback(sink):
    may_go_on = threading.Event()
    seen = []

    def slow(event):
        assert may_go_on.wait(PATIENCE)
        seen.append(event)

    sink.subscribe(slow)
    for event in EVENTS:
        sink.notify(event)
    assert seen == []
    may_go_on.set()
    sink.close()
    assert seen == EVENTS


def test_close_is_idempotent_and_later_events_are_dropped(sink):
    seen = []
    sink.subscribe(seen.append)
    sink.close()
    sink.notify(EVENTS[0])
    sink.close()
    assert seen == []


def test_callback_can_close_the_sink(sink):
    sink.subscribe(lambda event: sink.close())
    sink.notify(EVENTS[0])
    sink.notify(EVENTS[1])
    sink.close()
    assert "conjoin-events" not in [thread.name for thread in threading.enumerate()]
