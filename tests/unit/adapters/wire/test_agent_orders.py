"""The line that an agent reads first."""

from dataclasses import replace
from pathlib import Path

import pytest

import adapters.wire.agent_orders
from adapters.wire.agent_orders import decode_orders, encode_orders
from domain.errors import RemoteProtocolError
from domain.placement.batch_jobs import JobNode
from domain.running.agents import AgentOrders, JobOrders

ORDERS = AgentOrders(("tcp:a:1", "tcp:b:2"), "s3cret\n\0é", 10.0, 2.5, Path("/log dir"), "node1")
JOB = JobOrders(
    nodes=(JobNode("node1", 4), JobNode("node2")),
    environment={"HOME": "/home/me", "ODD": "\udcff\n"},
    name_variable="SLURMD_NODENAME",
    kept_variables=("SLURMD_NODENAME", "HOSTNAME"),
)


@pytest.mark.parametrize(
    "orders",
    [
        ORDERS,
        replace(ORDERS, log_directory=None, node=None),
        replace(ORDERS, manager_locations=()),
        replace(ORDERS, manager_process=4711),
        replace(ORDERS, environment={"A": "b c"}, cores=3, confirms=True),
        replace(ORDERS, log_directory=Path("/odd \udcff name")),
        replace(ORDERS, job=JOB),
        replace(ORDERS, job=replace(JOB, name_variable=None, kept_variables=())),
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


def test_environment_of_job_orders_is_not_shown():
    assert "hunter2" not in repr(replace(JOB, environment={"TOKEN": "hunter2"}))


def test_orders_of_another_version_are_rejected_with_both_versions(monkeypatch):
    monkeypatch.setattr(adapters.wire.agent_orders, "VERSION", "9.8")
    line = encode_orders(ORDERS)
    monkeypatch.undo()
    with pytest.raises(RemoteProtocolError, match=r"manager is version 9\.8.*install the same"):
        decode_orders(line)
