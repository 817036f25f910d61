"""A cycle of waits is a deadlock only after each of its instances has confirmed its wait."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.coupling.messages import Wait
from domain.running.deadlock_suspicions import NO_SUSPICION, DeadlockAnswer, DeadlockSuspicions

A, B = Wait("a", "b", "p"), Wait("b", "a", "q")
NOT_STUCK = DeadlockAnswer(is_deadlock=False)


def suspicions_of(*waits: Wait) -> DeadlockSuspicions:
    suspicions = DeadlockSuspicions()
    for wait in waits:
        suspicions.add(wait)
    return suspicions


def inquire(suspicions: DeadlockSuspicions, wait: Wait, confirms: int = 0) -> DeadlockAnswer:
    return suspicions.inquire(wait.key, confirms=confirms)


def test_cycle_is_a_suspicion_at_first():
    suspicions = suspicions_of(A, B)
    answer = inquire(suspicions, A)
    assert (answer.is_deadlock, answer.suspicion) == (False, 1)
    assert inquire(suspicions, B) == answer
    assert suspicions.take_new_deadlocks() == []


def test_wait_without_a_cycle_is_not_suspected():
    assert inquire(suspicions_of(A), A) == NOT_STUCK


def test_cycle_that_every_instance_has_confirmed_is_a_deadlock():
    suspicions = suspicions_of(A, B)
    number = inquire(suspicions, A).suspicion
    assert not inquire(suspicions, A, number).is_deadlock
    assert inquire(suspicions, B, number).is_deadlock
    assert inquire(suspicions, A, number).is_deadlock
    assert suspicions.take_new_deadlocks() == [(B, A)]
    assert suspicions.take_new_deadlocks() == []


def test_confirmation_before_the_suspicion_arises_does_not_count():
    suspicions = suspicions_of(A, B)
    for wait in (A, B):
        inquire(suspicions, wait, confirms=99)
    assert not inquire(suspicions, A).is_deadlock


def test_instance_that_cannot_reach_the_manager_does_not_complete_a_cycle():
    suspicions = suspicions_of(A)
    old = inquire(suspicions, A).suspicion  # its last inquiry before the network is cut
    suspicions.inquire_without_number("a")
    suspicions.add(B)
    number = inquire(suspicions, B).suspicion
    assert number > old
    for _ in range(10):
        assert not inquire(suspicions, B, number).is_deadlock
        assert not suspicions.inquire_without_number("b").is_deadlock
    assert suspicions.take_new_deadlocks() == []


def test_progress_withdraws_the_suspicion_and_all_confirmations():
    suspicions = suspicions_of(A, B)
    old = inquire(suspicions, A).suspicion
    inquire(suspicions, A, old)
    suspicions.remove(B)
    assert inquire(suspicions, A) == NOT_STUCK
    suspicions.add(B)
    assert not inquire(suspicions, B, old).is_deadlock
    new = inquire(suspicions, A).suspicion
    assert new > old
    assert not inquire(suspicions, A, old).is_deadlock
    inquire(suspicions, A, new)
    assert inquire(suspicions, B, new).is_deadlock


def test_deadlock_that_forms_again_is_reported_again():
    suspicions = suspicions_of(A, B)
    for _ in range(2):
        number = inquire(suspicions, A).suspicion
        for wait in (A, B):
            inquire(suspicions, wait, number)
        assert suspicions.take_new_deadlocks() == [(B, A)]
        suspicions.remove(A)
        suspicions.add(A)


def test_instance_of_muscle3_confirms_with_its_second_inquiry():
    suspicions = suspicions_of(A, B)
    answers = [suspicions.inquire_without_number(name).is_deadlock for name in "aabb"]
    assert answers == [False, False, False, True]


def test_inquiry_of_muscle3_before_the_cycle_formed_does_not_confirm():
    suspicions = suspicions_of(A)
    suspicions.inquire_without_number("a")
    suspicions.add(B)
    answers = [suspicions.inquire_without_number(name).is_deadlock for name in "abba"]
    assert answers == [False, False, False, True]


def test_instances_of_both_libraries_confirm_a_deadlock_together():
    suspicions = suspicions_of(A, B)
    suspicions.inquire_without_number("a")
    inquire(suspicions, B, inquire(suspicions, B).suspicion)
    assert suspicions.inquire_without_number("a").is_deadlock


def test_each_thread_of_an_instance_must_confirm():
    other = Wait("a", "b", "other")
    suspicions = suspicions_of(A, other, B)
    number = inquire(suspicions, B).suspicion
    inquire(suspicions, B, number)
    assert not inquire(suspicions, A, number).is_deadlock
    assert inquire(suspicions, other, number).is_deadlock


def test_instance_with_a_thread_that_waits_for_an_active_instance_is_not_suspected():
    suspicions = suspicions_of(A, B, Wait("b", "active", "other"))
    assert inquire(suspicions, A) == NOT_STUCK


def test_thread_that_begins_to_wait_withdraws_the_suspicion():
    suspicions = suspicions_of(A, B)
    number = inquire(suspicions, A).suspicion
    inquire(suspicions, A, number)
    suspicions.add(Wait("b", "a", "other"))
    assert not inquire(suspicions, B, number).is_deadlock


def test_instance_outside_of_the_cycle_confirms_but_is_not_deadlocked():
    behind = Wait("c", "a", "p")
    suspicions = suspicions_of(A, B, behind)
    number = inquire(suspicions, A).suspicion
    for wait in (A, B):
        inquire(suspicions, wait, number)
    assert inquire(suspicions, behind) == DeadlockAnswer(is_deadlock=False, suspicion=number)


def test_removed_instance_is_not_part_of_a_deadlock():
    suspicions = suspicions_of(A, B)
    number = inquire(suspicions, A).suspicion
    for wait in (A, B):
        inquire(suspicions, wait, number)
    suspicions.remove_instance("b")
    assert inquire(suspicions, A) == NOT_STUCK


@dataclass
class Play:
    """Instances in a ring that pass messages on, with reports that arrive late, but in order."""

    size: int
    suspicions: DeadlockSuspicions = field(default_factory=DeadlockSuspicions)

    def __post_init__(self) -> None:
        self.inbox = [0] * self.size
        self.waits = [False] * self.size
        self.reported = [False] * self.size
        self.number = [NO_SUSPICION] * self.size

    def wait_of(self, member: int) -> Wait:
        return Wait(str(member), str((member - 1) % self.size), "in")

    def act(self, member: int, *, sends: bool) -> bool:
        """Let a member make its next step; return whether it sees a deadlock."""
        wait = self.wait_of(member)
        if not self.waits[member]:
            if sends:
                self.inbox[(member + 1) % self.size] += 1
            self.waits[member] = True
        elif self.inbox[member]:
            self.inbox[member] -= 1
            self.waits[member] = False
            if self.reported[member]:
                self.suspicions.remove(wait)
            self.reported[member], self.number[member] = False, NO_SUSPICION
        elif not self.reported[member]:
            self.suspicions.add(wait)
            self.reported[member] = True
        else:
            answer = self.suspicions.inquire(wait.key, confirms=self.number[member])
            self.number[member] = answer.suspicion
            return answer.is_deadlock
        return False


@settings(max_examples=300)
@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=80))
def test_deadlock_is_found_only_if_no_message_is_left(size: int, steps: list[tuple[int, bool]]):
    play = Play(size)
    for member, sends in steps:
        if play.act(member % size, sends=sends):
            assert not any(play.inbox)
            assert all(play.waits)


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_real_deadlock_is_always_found_in_the_end(size: int, steps: list[tuple[int, bool]]):
    play = Play(size)
    for member, sends in steps:
        play.act(member % size, sends=sends)
    found = [[play.act(member, sends=False) for member in range(size)] for _ in range(200)]
    assert all(found[-1])
