"""The events of one process."""

import pytest

from adapters.in_memory.clock import ManualClock
from application.runtime.profile_buffer import BATCH, MOST_EVENTS, ProfileBuffer


@pytest.fixture
def clock():
    return ManualClock(start=100.0)


@pytest.fixture
def buffer(clock):
    return ProfileBuffer(clock=clock)


def test_event_has_its_start_and_duration(buffer, clock):
    start = buffer.now()
    clock.advance(2.0)
    buffer.add("put", "transfer", start, row="transfers", size=8)
    (event,) = buffer.take("head")
    assert (event.name, event.category, event.member) == ("put", "transfer", "head")
    assert (event.start, event.duration) == (100.0, 2.0)
    assert (event.row, event.size) == ("transfers", 8)


def test_taken_events_are_removed(buffer):
    buffer.add("put", "transfer", 1.0)
    buffer.take("head")
    assert buffer.take("head") == []


def test_events_that_overlap_are_on_different_lines(buffer):
    first, second = buffer.begin("f"), buffer.begin("f")
    buffer.end("a", "task", 1.0, row="f", line=first)
    third = buffer.begin("f")
    buffer.end("b", "task", 1.0, row="f", line=second)
    buffer.end("c", "task", 1.0, row="f", line=third)
    assert [event.row for event in buffer.take("head")] == ["f", "f #2", "f"]


def test_short_wait_is_not_recorded(buffer, clock):
    buffer.add_wait("a", buffer.now(), row="queue")
    start = buffer.now()
    clock.advance(0.01)
    buffer.add_wait("b", start, row="queue")
    assert [event.name for event in buffer.take("head")] == ["b"]


def test_full_batch_is_reported(buffer):
    batches = []
    buffer.notify(lambda: batches.append(len(buffer.take("head"))))
    for _ in range(2 * BATCH + 1):
        buffer.add("a", "task", 1.0)
    assert batches == [BATCH, BATCH]


def test_only_the_latest_events_are_kept(buffer):
    for number in range(MOST_EVENTS + 1):
        buffer.add(str(number), "task", 1.0)
    events = buffer.take("head")
    assert len(events) == MOST_EVENTS
    assert events[0].name == "1"
