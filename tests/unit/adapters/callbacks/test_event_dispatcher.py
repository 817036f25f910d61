"""Which callbacks each event triggers, and what a callback may do."""

import threading

import pytest

from adapters.callbacks.event_dispatcher import CallbackEventSink
from domain.running.events import InstanceRegistered

EVENTS = [InstanceRegistered(f"micro[{number}]") for number in range(20)]
PATIENCE = 60.0


@pytest.fixture
def complaints():
    return []


@pytest.fixture
def sink(complaints):
    sink = CallbackEventSink(on_error=complaints.append)
    yield sink
    sink.close()


def test_each_subscriber_is_called_for_each_event_in_order(sink):
    first, second = [], []
    sink.subscribe(first.append)
    sink.subscribe(second.append)
    for event in EVENTS:
        sink.notify(event)
    sink.close()
    assert first == second == EVENTS


def test_subscribers_are_called_on_one_thread_of_a_name(sink):
    seen = []
    for _ in range(2):
        sink.subscribe(lambda event: seen.append(threading.current_thread().name))
    sink.notify(EVENTS[0])
    sink.close()
    assert seen == ["conjoin-events"] * 2


def test_without_subscribers_there_is_no_thread(sink):
    sink.notify(EVENTS[0])
    assert "conjoin-events" not in [thread.name for thread in threading.enumerate()]


def test_what_happened_before_subscribing_is_not_told(sink):
    seen = []
    sink.notify(EVENTS[0])
    sink.subscribe(seen.append)
    sink.notify(EVENTS[1])
    sink.close()
    assert seen == [EVENTS[1]]


def test_who_has_unsubscribed_is_not_called_again(sink):
    seen = []
    unsubscribe = sink.subscribe(seen.append)
    unsubscribe()
    unsubscribe()
    sink.notify(EVENTS[0])
    sink.close()
    assert seen == []


def test_a_callback_may_end_its_own_subscription(sink):
    seen = []

    def once(event):
        seen.append(event)
        unsubscribe()

    unsubscribe = sink.subscribe(once)
    for event in EVENTS:
        sink.notify(event)
    sink.close()
    assert seen == EVENTS[:1]


def test_a_callback_that_raises_is_told_of_and_does_not_keep_others_from_theirs(sink, complaints):
    seen = []

    def broken(event):
        raise ValueError("my own mistake")

    sink.subscribe(broken)
    sink.subscribe(seen.append)
    sink.notify(EVENTS[0])
    sink.notify(EVENTS[1])
    sink.close()
    assert seen == EVENTS[:2]
    text = "A subscriber raised ValueError on InstanceRegistered: my own mistake"
    assert complaints == [text, text]


def test_the_one_who_tells_does_not_wait_for_a_slow_subscriber(sink):
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


def test_it_may_be_closed_twice_and_drops_what_comes_then(sink):
    seen = []
    sink.subscribe(seen.append)
    sink.close()
    sink.notify(EVENTS[0])
    sink.close()
    assert seen == []


def test_a_callback_may_close_it(sink):
    sink.subscribe(lambda event: sink.close())
    sink.notify(EVENTS[0])
    sink.notify(EVENTS[1])
    sink.close()
    assert "conjoin-events" not in [thread.name for thread in threading.enumerate()]
