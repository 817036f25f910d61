import pytest

from adapters.wire.host_orders import (
    HostOrders,
    WarningFilter,
    decode_host_orders,
    encode_host_orders,
)
from domain.errors import RemoteProtocolError
from domain.runtime.hosts import Host, HostPlan

ORDERS = HostOrders(
    Host("worker:0:0@00000001", HostPlan("worker", (0, 0), threads=2, memory=10**9)),
    (Host("worker:0:1@00000002", HostPlan("worker", (0, 1)), pid=7),),
    factory="package.module:create",
    directory="/run/user/1/conjoin-x",
    spill_directory="/scratch/\udcff",
    working_directory="/home/me",
    import_path=("/home/me", "/usr/lib"),
    warning_filters=(WarningFilter("error", None, "builtins:UserWarning", "mod", 3),),
)


def test_orders_arrive_unchanged():
    line = encode_host_orders(ORDERS)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_host_orders(line) == ORDERS


@pytest.mark.parametrize("line", [b"", b"text\n", b"AAAA\n", b"kA==\n"])
def test_invalid_orders_are_rejected(line):
    with pytest.raises(RemoteProtocolError):
        decode_host_orders(line)
