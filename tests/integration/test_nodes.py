"""Tests of the nodes that other tests use."""

import subprocess

from tests.support.conditions import wait_until
from tests.support.nodes import Node, Nodes


def outcome_of_ssh(nodes: Nodes, node: Node, command: str) -> str:
    options = ["-o", f"UserKnownHostsFile={nodes.known_hosts}", "-o", "BatchMode=yes"]
    done = subprocess.run(
        ["ssh", "-i", str(nodes.key), *options, f"root@{node.address}", command],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_each_node_runs_commands_over_ssh(nodes: Nodes):
    assert [outcome_of_ssh(nodes, node, "hostname").strip() for node in nodes] == [
        node.name for node in nodes
    ]


def test_nodes_reach_each_other_and_this_machine(nodes: Nodes):
    for address in (nodes[1].address, nodes.head):
        text = f"exec 3<>/dev/udp/{address}/9 && echo reached"
        assert outcome_of_ssh(nodes, nodes[0], f"bash -c '{text}'") == "reached\n"


def test_processes_of_a_node_are_listed_and_ended(nodes: Nodes):
    program = subprocess.Popen([*nodes[0].run, "sleep", "1000"])
    nodes[0].wait_for_process("sleep 1000")
    assert nodes[1].processes("sleep 1000") == []
    assert "sleep 1000" in nodes[0].end_processes()
    program.wait()


def test_repaired_node_works_after_a_power_failure(nodes: Nodes):
    nodes[0].cut_power()
    nodes[1].pull_cable()
    wait_until(lambda: nodes[0].is_off)
    nodes.repair()
    for node in nodes.nodes[:2]:
        assert outcome_of_ssh(nodes, node, "hostname").strip() == node.name
