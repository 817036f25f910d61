"""A wait for a condition, which is checked from time to time."""

import math

from adapters.tcp.checked_wait import FIRST_PAUSE, LONGEST_PAUSE, wait_with_checks


def test_fulfilled_condition_needs_no_check():
    assert wait_with_checks(lambda _timeout: True, end=math.inf, check=lambda: 1 / 0)


def test_pauses_between_checks_grow_up_to_a_maximum():
    pauses = []

    def is_done(timeout):
        pauses.append(timeout)
        return len(pauses) == 20

    assert wait_with_checks(is_done, end=math.inf, check=lambda: None)
    assert pauses[0] == FIRST_PAUSE
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


def test_wait_ends_at_its_deadline():
    assert not wait_with_checks(lambda _timeout: False, end=0.0, check=lambda: 1 / 0)
