import pytest

from adapters.wire.host_values import (
    host_from_plain,
    host_to_plain,
    reason_from_plain,
    reason_to_plain,
)
from domain.errors import RemoteProtocolError
from domain.runtime.hosts import Host, HostPlan, LossKind, LossReason

HOST = Host("worker:0:1@0000000a", HostPlan("worker", (0, 1), gpus=1, node=2), 99)
REASON = LossReason(LossKind.EXITED, "exited with code 3", exit_code=3, last_lines=("a", "b"))


def test_host_arrives_unchanged():
    assert host_from_plain(host_to_plain(HOST)) == HOST


def test_reason_arrives_unchanged():
    assert reason_from_plain(reason_to_plain(REASON)) == REASON


@pytest.mark.parametrize("index", range(8))
def test_host_with_a_field_of_the_wrong_type_is_rejected(index):
    items = host_to_plain(HOST)
    items[index] = b"wrong"
    with pytest.raises(RemoteProtocolError):
        host_from_plain(items)


@pytest.mark.parametrize("items", [None, [], ["no such kind", "text", None, None, []], [1] * 5])
def test_invalid_reason_is_rejected(items):
    with pytest.raises(RemoteProtocolError):
        reason_from_plain(items)
