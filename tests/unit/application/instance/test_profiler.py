"""Profile events of an instance, and when they are submitted."""

import pytest

from adapters.in_memory.clock import ManualClock
from application.instance.profiler import ALWAYS, FLUSH_COUNT, Profiler
from domain.coupling.ports import Operator, Port, PortState
from domain.running.profiling import ProfileEvent, ProfileEventType

PORT = PortState(Port("out", Operator.O_I), is_connected=True, length=3)
SEND = ProfileEventType.SEND


class RecordingLink:
    """Records batches, and evaluates them lazily."""

    def __init__(self):
        self.batches = []

    def submit_profile_events(self, events):
        self.batches.append(events)

    def events(self):
        return [event for batch in self.batches for event in batch]


@pytest.fixture
def link():
    return RecordingLink()


@pytest.fixture
def clock():
    return ManualClock(start=100.0)


@pytest.fixture
def profiler(clock, link):
    return Profiler(clock=clock, link=link)


def test_event_stop_time_defaults_to_now(profiler, clock, link):
    start = profiler.now()
    clock.advance(2.0)
    profiler.record(ProfileEventType.CONNECT, start)
    profiler.record(ProfileEventType.SHUTDOWN, start, start + 5)
    profiler.flush()
    assert link.events() == [
        ProfileEvent(ProfileEventType.CONNECT, start, start + 2_000_000_000),
        ProfileEvent(ProfileEventType.SHUTDOWN, start, start + 5),
    ]


def test_sent_message_is_one_event(profiler, link):
    profiler.record_message((10, 20), PORT, 1, 7, 64, 0.5)
    profiler.flush()
    assert link.events() == [
        ProfileEvent(SEND, 10, 20, "out", Operator.O_I, 3, 1, 7, 64, 0.5),
    ]


@pytest.mark.parametrize(
    ("marks", "times"),
    [
        ((10, 20, 30, 40), [(10, 20), (20, 30), (30, 40), (10, 40)]),
        (
            (10, 5, 7, 40),
            [(10, 10), (10, 10), (10, 40), (10, 40)],
        ),  # the message had arrived before the receive
    ],
)
def test_received_message_is_an_event_per_phase_and_one_for_all(profiler, link, marks, times):
    profiler.record_message(marks, PORT, 1, 7, 64, 0.5)
    profiler.flush()
    events = link.events()
    assert [event.event_type.name for event in events] == [
        "RECEIVE_WAIT",
        "RECEIVE_TRANSFER",
        "RECEIVE_DECODE",
        "RECEIVE",
    ]
    assert [(event.start_time, event.stop_time) for event in events] == times


def test_uncounted_message_has_no_number(profiler, link):
    profiler.record_message((10, 20), PORT, 1, -1, 64, 0.5)
    profiler.flush()
    assert link.events()[0].message_number is None


def test_port_length_is_recorded_at_the_time_of_the_message(profiler, link):
    port = PortState(Port("out", Operator.O_I), is_connected=True, length=3, is_resizable=True)
    profiler.record_message((10, 20), port, 1, 7, 64, 0.5)
    port.set_length(9)
    profiler.flush()
    assert link.events()[0].port_length == 3


def test_disabled_profiler_records_only_mandatory_events(profiler, link):
    profiler.is_on = False
    for kind in ProfileEventType:
        profiler.record(kind, 1, 2)
    profiler.flush()
    assert {event.event_type for event in link.events()} == ALWAYS


def test_full_batch_is_submitted_automatically(profiler, link):
    for number in range(FLUSH_COUNT - 1):
        profiler.record_message((number, number), PORT, 0, number, 1, 0.0)
    assert link.batches == []
    profiler.record_message((0, 0), PORT, 0, FLUSH_COUNT - 1, 1, 0.0)
    assert [event.message_number for event in link.events()] == list(range(FLUSH_COUNT))


def test_flush_submits_each_event_once_and_no_empty_batch(profiler, link):
    profiler.flush()
    profiler.record(ProfileEventType.REGISTER, 1, 2)
    profiler.flush()
    profiler.flush()
    assert len(link.batches) == 1
