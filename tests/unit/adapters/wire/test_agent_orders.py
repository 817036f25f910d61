"""The line that an agent reads first."""

from dataclasses import replace
from pathlib import Path

import pytest

import adapters.wire.agent_orders
from adapters.wire.agent_orders import decode_orders, encode_orders
from domain.errors import RemoteProtocolError
from domain.running.agents import AgentOrders

ORDERS = AgentOrders(("tcp:a:1", "tcp:b:2"), "s3cret\n\0é", 10.0, 2.5, Path("/log dir"), "node1")


@pytest.mark.parametrize(
    "orders",
    [
        ORDERS,
        replace(ORDERS, log_directory=None, node=None),
        replace(ORDERS, manager_locations=()),
        replace(ORDERS, manager_process=4711),
        replace(ORDERS, environment={"A": "b c"}, cores=3, confirms=True),
        replace(ORDERS, log_directory=Path("/odd \udcff name")),
    ],
)
def test_orders_round_trip(orders):
    assert decode_orders(encode_orders(orders)) == orders


def test_orders_are_one_line():
    line = encode_orders(replace(ORDERS, secret="x" * 10_000))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert line.isascii()


@pytest.mark.parametrize("line", [b"", b"\n", b"hello\n", b"kw==\n", encode_orders(ORDERS)[4:]])
def test_invalid_orders_are_rejected(line):
    with pytest.raises(RemoteProtocolError):
        decode_orders(line)


def test_orders_of_another_version_are_rejected_with_both_versions(monkeypatch):
    monkeypatch.setattr(adapters.wire.agent_orders, "VERSION", "9.8")
    line = encode_orders(ORDERS)
    monkeypatch.undo()
    with pytest.raises(RemoteProtocolError, match=r"manager is version 9\.8.*install the same"):
        decode_orders(line)
