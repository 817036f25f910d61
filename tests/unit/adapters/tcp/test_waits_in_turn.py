"""Which of several waits a manager is told of that takes one at a time."""

import pytest

from adapters.tcp.waits_in_turn import WaitsInTurn
from adapters.wire.mmp import WaitingForReceive, WaitingForReceiveDone
from domain.coupling.messages import Wait
from domain.errors import ManagerRefused

A, B, C = (Wait("macro", "micro", "s", slot) for slot in range(3))


@pytest.fixture
def told():
    return []


@pytest.fixture
def waits(told):
    return WaitsInTurn(told.append)


def test_a_single_wait_is_told_with_its_end(waits, told):
    waits.begin(A)
    waits.end(A)
    assert told == [WaitingForReceive(A), WaitingForReceiveDone(A)]


def test_of_those_that_end_before_they_were_told_nothing_is_told(waits, told):
    for wait in (A, B, C):
        waits.begin(wait)
    waits.end(B)
    assert told == [WaitingForReceive(A)]
    waits.end(A)
    assert told[1:] == [WaitingForReceiveDone(A), WaitingForReceive(C)]


def test_the_next_one_is_the_one_that_has_waited_longest(waits, told):
    for wait in (A, C, B):
        waits.begin(wait)
    for wait in (A, C, B):
        waits.end(wait)
    begun = [item.wait for item in told if isinstance(item, WaitingForReceive)]
    assert begun == [A, C, B]
    assert told[-1] == WaitingForReceiveDone(B)


def test_two_threads_may_wait_for_the_same(waits, told):
    waits.begin(A)
    waits.begin(A)
    waits.end(A)
    waits.end(A)
    assert told == [WaitingForReceive(A), WaitingForReceiveDone(A)] * 2


def test_a_manager_that_refuses_is_heard():
    def refuse(request):
        raise ManagerRefused("no")

    with pytest.raises(ManagerRefused, match="no"):
        WaitsInTurn(refuse).begin(A)
