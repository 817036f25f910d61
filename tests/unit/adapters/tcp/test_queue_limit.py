"""The limit of queues: what it admits, and how a full queue is waited for."""

import pytest

from adapters.tcp.queue_limit import OPEN, OVERHEAD, QueueGate, QueueLimit
from domain.coupling.peers import Endpoint
from domain.identity import Reference

SENDER = Endpoint(Reference("a"), "out")
RECEIVER = Endpoint(Reference("b"), "in")


@pytest.fixture
def limit():
    return QueueLimit()


def test_message_is_admitted_until_more_than_the_limit_is_queued(limit):
    limit.set(10**6, wait=pytest.fail)
    assert limit.admits(1, queued=10**6)
    assert not limit.admits(1, queued=10**6 + 1)


def test_second_message_is_admitted_whatever_its_size(limit):
    limit.set(0, wait=pytest.fail)
    assert limit.admits(10**10, queued=10**10 + OVERHEAD)
    assert not limit.admits(10**10, queued=2 * 10**10)


@pytest.mark.parametrize("is_removed", [False, True])
def test_everything_is_admitted_without_a_limit(limit, is_removed):
    if is_removed:
        limit.set(0, wait=pytest.fail)
        limit.set(None, wait=pytest.fail)
    assert limit.admits(1, queued=10**15)
    assert OPEN.limit.admits(1, queued=10**15)


def test_gate_waits_with_the_endpoints_and_the_queue(limit):
    waited, asked = [], []

    def wait(sender, receiver, room):
        waited.append((sender, receiver, room.taken(), room.wait(None)))

    limit.set(0, wait=wait)
    gate = QueueGate(limit, sender=SENDER, receiver=RECEIVER, check=pytest.fail)
    gate.wait(lambda timeout: asked.append(timeout) or True, lambda: 7)
    assert waited == [(SENDER, RECEIVER, 7, True)]
    assert len(asked) == 1


def test_wait_for_room_checks_whether_the_receiver_has_left(limit):
    checked = []
    limit.set(0, wait=lambda _sender, _receiver, room: room.wait(None))
    gate = QueueGate(limit, sender=SENDER, receiver=RECEIVER, check=lambda: checked.append(True))
    gate.wait(lambda _timeout: bool(checked), lambda: 0)
    assert checked == [True]
