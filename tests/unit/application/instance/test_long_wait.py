"""Waits beyond the receive timeout look for their message before they confirm a deadlock."""

import contextlib

import pytest

from application.instance.long_wait import LONGEST_PAUSE, VERDICT_PAUSE, LongWait
from domain.running.deadlock_suspicions import DeadlockAnswer

NONE, DEADLOCK = DeadlockAnswer(False), DeadlockAnswer(True)


class ScriptedLink:
    """Gives the answers of a script, and then the last one again; records what is confirmed."""

    def __init__(self, *answers: DeadlockAnswer) -> None:
        self._answers = list(answers)
        self.confirmed: list[int] = []

    def check_deadlock(self, port, slot, *, confirms) -> DeadlockAnswer:
        assert (port, slot) == ("in", 3)
        self.confirmed.append(confirms)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Threads:
    """Threads of which some compute during the first checks."""

    def __init__(self, computing_checks: int = 0) -> None:
        self._computing_checks = computing_checks
        self.is_waiting = False

    @contextlib.contextmanager
    def waiting(self):
        self.is_waiting = True
        yield
        self.is_waiting = False

    def all_wait(self) -> bool:
        assert self.is_waiting
        self._computing_checks -= 1
        return self._computing_checks < 0


class Attempts:
    """Finds a message at the given attempt, and records the pauses."""

    def __init__(self, arrives_at: int) -> None:
        self._arrives_at = arrives_at
        self.pauses: list[float] = []

    def __call__(self, seconds: float) -> "str | None":
        self.pauses.append(seconds)
        return "message" if len(self.pauses) >= self._arrives_at else None


def wait(link, *, arrives_at, threads=None, in_transit=lambda: False):
    threads = threads or Threads()
    attempts = Attempts(arrives_at)
    found = LongWait(link=link, threads=threads, in_transit=in_transit).wait(
        attempts, port="in", slot=3, timeout=4.0
    )
    assert not threads.is_waiting
    return found, attempts.pauses


def test_pauses_between_inquiries_increase_up_to_a_limit():
    found, pauses = wait(ScriptedLink(NONE), arrives_at=30)
    assert found == "message"
    assert pauses[:3] == [2.0, 3.0, 4.5]
    assert pauses[-1] == LONGEST_PAUSE


def test_suspicion_is_confirmed_at_once_if_no_message_has_arrived():
    link = ScriptedLink(NONE, DeadlockAnswer(False, 5), DEADLOCK)
    assert wait(link, arrives_at=99) == (None, [2.0, 0.0, 0.0])
    assert link.confirmed == [0, 0, 5]


def test_message_that_has_arrived_is_returned_instead_of_confirming_a_suspicion():
    link = ScriptedLink(DeadlockAnswer(False, 5))
    assert wait(link, arrives_at=1) == ("message", [0.0])
    assert link.confirmed == [0]


def test_verdict_is_polled_at_short_intervals():
    link = ScriptedLink(*[DeadlockAnswer(False, 5)] * 4, DEADLOCK)
    assert wait(link, arrives_at=99) == (None, [0.0, *[VERDICT_PAUSE] * 3, 0.0])
    assert link.confirmed == [0, 5, 5, 5, 5]


def test_message_that_arrives_before_a_deadlock_is_raised_is_returned():
    assert wait(ScriptedLink(DEADLOCK), arrives_at=1) == ("message", [0.0])


@pytest.mark.parametrize("computing_checks", [1, 4])
def test_instance_with_a_computing_thread_does_not_inquire(computing_checks: int):
    link = ScriptedLink(DEADLOCK)
    found, pauses = wait(link, arrives_at=99, threads=Threads(computing_checks))
    assert found is None
    assert len(pauses) == computing_checks + 1
    assert link.confirmed == [0]


def test_suspicion_is_not_confirmed_if_a_thread_has_continued():
    class OneContinues(Threads):
        checks = 0

        def all_wait(self) -> bool:
            self.checks += 1
            return self.checks != 2

    link = ScriptedLink(DeadlockAnswer(False, 5), DeadlockAnswer(False, 5))
    wait(link, arrives_at=4, threads=OneContinues())
    assert link.confirmed == [0, 0, 5]


def test_nothing_is_confirmed_while_a_message_is_in_transit():
    in_transit = iter([True, True])
    link = ScriptedLink(DeadlockAnswer(False, 7), DEADLOCK)
    wait(link, arrives_at=9, in_transit=lambda: next(in_transit, False))
    assert link.confirmed == [0, 7]


def test_messages_in_transit_are_awaited_before_a_wait_is_reported():
    in_transit = iter([True, True])
    attempts = Attempts(arrives_at=9)
    waiting = LongWait(
        link=ScriptedLink(NONE), threads=Threads(), in_transit=lambda: next(in_transit, False)
    )
    assert waiting.until_arrived(attempts, timeout=0.5) is None
    assert attempts.pauses == [0.5, 0.5]


def test_message_that_is_found_before_the_others_arrive_is_returned():
    waiting = LongWait(link=ScriptedLink(NONE), threads=Threads(), in_transit=lambda: True)
    assert waiting.until_arrived(Attempts(arrives_at=3), timeout=60.0) == "message"
