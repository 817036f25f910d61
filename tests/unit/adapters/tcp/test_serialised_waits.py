"""Waits of several threads, reported to a manager that accepts one at a time."""

import pytest

from adapters.tcp.serialised_waits import SerialisedWaits
from adapters.wire.mmp import waiting_for_receive, waiting_for_receive_done
from domain.coupling.messages import Wait
from domain.errors import ManagerRefused

A, B, C = (Wait("macro", "micro", "s", slot) for slot in range(3))


@pytest.fixture
def reported():
    return []


@pytest.fixture
def waits(reported):
    return SerialisedWaits(lambda request, wait: reported.append((request, wait)))


def test_single_wait_is_reported_with_its_end(waits, reported):
    waits.begin(A)
    waits.end(A)
    assert reported == [(waiting_for_receive, A), (waiting_for_receive_done, A)]


def test_wait_that_ends_before_it_was_reported_is_not_reported(waits, reported):
    for wait in (A, B, C):
        waits.begin(wait)
    waits.end(B)
    assert reported == [(waiting_for_receive, A)]
    waits.end(A)
    assert reported[1:] == [(waiting_for_receive_done, A), (waiting_for_receive, C)]


def test_longest_wait_is_reported_next(waits, reported):
    for wait in (A, C, B):
        waits.begin(wait)
    for wait in (A, C, B):
        waits.end(wait)
    begun = [wait for request, wait in reported if request is waiting_for_receive]
    assert begun == [A, C, B]
    assert reported[-1] == (waiting_for_receive_done, B)


def test_two_threads_may_wait_for_the_same_message(waits, reported):
    waits.begin(A)
    waits.begin(A)
    waits.end(A)
    waits.end(A)
    assert reported == [(waiting_for_receive, A), (waiting_for_receive_done, A)] * 2


def test_refusal_by_the_manager_is_raised():
    def refuse(_request, _wait):
        raise ManagerRefused("no")

    with pytest.raises(ManagerRefused, match="no"):
        SerialisedWaits(refuse).begin(A)
