"""Reports to the manager while an instance waits for a message."""

from itertools import pairwise

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.model_threads import InMemoryModelThreads
from application.instance.patient_receiver import PatientReceiver
from domain.coupling.messages import PeerMessage
from domain.coupling.settings import Settings
from domain.errors import Deadlock
from domain.running.deadlock_suspicions import DeadlockAnswer

MESSAGE = PeerMessage(0.0, None, "x", Settings(), None, 0, ())


class LateInlet:
    """Delivers a message at a given time, or never."""

    marks = (0, 0, 0)

    def __init__(self, clock: ManualClock, time: float) -> None:
        self._clock = clock
        self._arrival = time

    def receive(self, *, timeout: "float | None") -> "PeerMessage | None":
        left = self._arrival - self._clock.monotonic()
        if timeout is not None and left > timeout:
            self._clock.advance(timeout)
            return None
        self._clock.advance(max(0.0, left))
        return MESSAGE


class RecordingLink:
    """Records all calls, with the time."""

    def __init__(self, clock: ManualClock, deadlocked_at: float = float("inf")) -> None:
        self._clock = clock
        self._deadlocked_at = deadlocked_at
        self.notes: list[tuple[float, object]] = []

    def _note(self, what: object) -> None:
        self.notes.append((round(self._clock.monotonic(), 3), what))

    def report_status(self, *, simulated_time, waiting) -> None:
        self._note(("status", simulated_time, waiting))

    def waiting_for_receive(self, peer, port, slot) -> None:
        self._note(("waits", peer, port, slot))

    def waiting_for_receive_done(self, peer, port, slot) -> None:
        self._note(("done", peer, port, slot))

    def check_deadlock(self, port, slot, *, confirms) -> DeadlockAnswer:
        assert (port, slot) == ("in", 3)
        self._note("deadlocked?")
        return DeadlockAnswer(self._clock.monotonic() >= self._deadlocked_at)


def wait(
    time: float,
    timeout: float = 10.0,
    deadlocked_at: float = float("inf"),
    arrived_at: float = 0.0,
):
    clock = ManualClock()
    link = RecordingLink(clock, deadlocked_at)
    receiver = PatientReceiver(
        link=link,  # type: ignore[arg-type]
        clock=clock,
        threads=InMemoryModelThreads(),
        in_transit=lambda: clock.monotonic() < arrived_at,
    )
    receiver.set_timeout(timeout)
    inlet = LateInlet(clock, time)
    return link.notes, lambda: receiver.receive(inlet, peer="p", port="in", slot=3)  # type: ignore[arg-type]


WAITS = ("status", None, ("p", "in", 3))
CONTINUES = ("status", None, None)


def test_short_wait_is_not_reported():
    notes, receive = wait(0.1)
    assert receive() is MESSAGE
    assert notes == []


def test_longer_wait_is_reported_and_withdrawn():
    notes, receive = wait(5.0)
    receive()
    assert notes == [(0.2, WAITS), (5.0, CONTINUES)]


def test_wait_beyond_the_timeout_is_checked_for_deadlock():
    notes, receive = wait(10.5)
    receive()
    assert notes == [
        (0.2, WAITS),
        (10.0, ("waits", "p", "in", 3)),
        (10.0, "deadlocked?"),
        (10.5, ("done", "p", "in", 3)),
        (10.5, CONTINUES),
    ]


def test_deadlock_is_polled_with_increasing_pauses():
    notes, receive = wait(100.0)
    receive()
    polled = [time for time, what in notes if what == "deadlocked?"]
    pauses = [later - earlier for earlier, later in pairwise(polled)]
    assert polled[0] == 10.0
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(5.0)


def test_wait_is_not_reported_while_a_message_of_this_instance_is_in_transit():
    notes, receive = wait(100.0, arrived_at=60.0)
    receive()
    (reported,) = (time for time, what in notes if what == ("waits", "p", "in", 3))
    assert reported == pytest.approx(60.0, abs=1.0)
    assert all(time >= reported for time, what in notes if what == "deadlocked?")


def test_wait_that_ends_while_a_message_is_in_transit_is_not_reported():
    notes, receive = wait(30.0, arrived_at=60.0)
    assert receive() is MESSAGE
    assert notes == [(0.2, WAITS), (30.0, CONTINUES)]


def test_deadlock_error_names_the_port():
    notes, receive = wait(float("inf"), deadlocked_at=12.0)
    with pytest.raises(Deadlock, match=r"receiving a message on port 'in\[3\]'"):
        receive()
    assert notes[-1][1] == CONTINUES
    assert notes[-1][0] < 20.0


def test_negative_timeout_disables_deadlock_detection():
    notes, receive = wait(1000.0, timeout=-1.0)
    receive()
    assert notes == [(0.2, WAITS), (1000.0, CONTINUES)]


def test_minimum_timeout_is_a_tenth_of_a_second():
    notes, receive = wait(0.5, timeout=0.0)
    receive()
    assert (0.1, ("waits", "p", "in", 3)) in notes


def test_progress_is_reported_once_per_second():
    clock = ManualClock()
    link = RecordingLink(clock)
    receiver = PatientReceiver(link=link, clock=clock, threads=InMemoryModelThreads())  # type: ignore[arg-type]
    for step in range(1000):
        clock.advance(0.01)
        receiver.note_progress(float(step))
    assert 9 <= len(link.notes) <= 10


def reported_times(notes):
    return [what[1] for _, what in notes if what[0] == "status"]


def test_last_simulation_time_is_reported_once():
    clock = ManualClock()
    link = RecordingLink(clock, float("inf"))
    receiver = PatientReceiver(link=link, clock=clock, threads=InMemoryModelThreads())  # type: ignore[arg-type]
    clock.advance(10.0)
    for time in (0.0, 1.0, 2.5):
        receiver.note_progress(time)
    assert reported_times(link.notes) == [0.0]
    receiver.report_last_time()
    receiver.report_last_time()
    assert reported_times(link.notes) == [0.0, 2.5]


def test_instance_without_messages_reports_no_simulation_time():
    clock = ManualClock()
    link = RecordingLink(clock, float("inf"))
    PatientReceiver(link=link, clock=clock, threads=InMemoryModelThreads()).report_last_time()  # type: ignore[arg-type]
    assert link.notes == []
