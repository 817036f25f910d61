"""Reports to the manager while an instance waits for room in its queue."""

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.model_threads import InMemoryModelThreads
from application.instance.patient_receiver import PatientReceiver
from application.instance.patient_sender import PatientSender
from application.interfaces.peer_transport import Room
from domain.coupling.peers import Endpoint
from domain.errors import Deadlock
from domain.identity import Reference
from domain.running.deadlock_suspicions import DeadlockAnswer

SENDER = Endpoint(Reference("macro"), "out", 3)
RECEIVER = Endpoint(Reference("p"), "in")
WAITS = ("status", None, ("p", "out", 3, True))
CONTINUES = ("status", None, None)
NEVER = float("inf")


class Queue:
    """Has room at a time; the receiver takes a byte at some times before."""

    def __init__(self, clock, time, taken_at):
        self._clock = clock
        self._time = time
        self._taken_at = taken_at

    def wait(self, timeout):
        left = self._time - self._clock.monotonic()
        if timeout is not None and left > timeout:
            self._clock.advance(timeout)
            return False
        self._clock.advance(max(0.0, left))
        return True

    def taken(self):
        return sum(self._clock.monotonic() >= time for time in self._taken_at)


class RecordingLink:
    """Records all calls, with the time."""

    def __init__(self, clock, deadlocked_at, is_own):
        self._clock = clock
        self._deadlocked_at = deadlocked_at
        self._is_own = is_own
        self.notes = []

    def _note(self, what):
        self.notes.append((round(self._clock.monotonic(), 3), what))

    def report_status(self, *, simulated_time, waiting):
        self._note(("status", simulated_time, waiting))

    def waiting_to_send(self, peer, port, slot):
        self._note(("waits", peer, port, slot))
        return self._is_own

    def waiting_to_send_done(self, peer, port, slot):
        self._note(("done", peer, port, slot))

    def check_deadlock(self, port, slot, *, confirms):
        assert (port, slot) == ("out", 3)
        self._note("deadlocked?")
        return DeadlockAnswer(self._clock.monotonic() >= self._deadlocked_at)


def wait(time, *, timeout=10.0, deadlocked_at=NEVER, taken_at=(), is_own=True, arrived_at=0.0):
    """Wait for room; return the link's notes, and a function that waits."""
    clock = ManualClock()
    link = RecordingLink(clock, deadlocked_at, is_own)
    threads = InMemoryModelThreads()
    waiting = PatientReceiver(link=link, clock=clock, threads=threads)
    waiting.set_timeout(timeout)
    queue = Queue(clock, time, taken_at)
    sender = PatientSender(
        link=link,
        waiting=waiting,
        threads=threads,
        in_transit=lambda: clock.monotonic() < arrived_at,
    )
    room = Room(queue.wait, queue.taken)
    return link.notes, lambda: sender.wait_for_room(SENDER, RECEIVER, room)


def test_short_wait_for_room_is_not_reported():
    notes, send = wait(0.1)
    send()
    assert notes == []


def test_longer_wait_for_room_is_reported_and_withdrawn():
    notes, send = wait(5.0)
    send()
    assert notes == [(0.2, WAITS), (5.0, CONTINUES)]


def test_wait_beyond_the_timeout_is_reported_as_a_possible_deadlock():
    notes, send = wait(12.0)
    send()
    assert notes == [
        (0.2, WAITS),
        (10.2, ("waits", "p", "out", 3)),
        (10.2, "deadlocked?"),
        (12.0, ("done", "p", "out", 3)),
        (12.0, CONTINUES),
    ]


def test_wait_for_room_is_not_reported_while_the_network_is_cut():
    notes, send = wait(100.0, arrived_at=60.0)
    send()
    (reported,) = (time for time, what in notes if what == ("waits", "p", "out", 3))
    assert reported >= 60.0


def test_deadlock_of_a_sender_is_an_error():
    notes, send = wait(NEVER, deadlocked_at=12.0)
    with pytest.raises(Deadlock, match=r"while sending a message on port 'out\[3\]': too many"):
        send()
    assert notes[-1] == (15.2, CONTINUES)


def test_receiver_that_takes_something_within_each_timeout_is_not_part_of_a_deadlock():
    notes, send = wait(50.0, taken_at=(5.0, 15.0, 25.0, 35.0, 45.0))
    send()
    assert notes == [(0.2, WAITS), (50.0, CONTINUES)]


def test_report_is_withdrawn_when_the_receiver_takes_something():
    notes, send = wait(18.0, taken_at=(12.0,))
    send()
    assert notes[2:] == [
        (10.2, "deadlocked?"),
        (15.2, ("done", "p", "out", 3)),
        (15.2, WAITS),
        (18.0, CONTINUES),
    ]


def test_manager_of_muscle3_is_not_asked_about_deadlocks():
    notes, send = wait(100.0, is_own=False)
    send()
    assert notes[1:] == [(10.2, ("waits", "p", "out", 3)), (100.0, CONTINUES)]


def test_negative_timeout_never_asks_about_deadlocks():
    notes, send = wait(1000.0, timeout=-1.0)
    send()
    assert notes == [(0.2, WAITS), (1000.0, CONTINUES)]
