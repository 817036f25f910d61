"""The table of nodes in the panel."""

import io

from rich.console import Console

from adapters.terminal.node_table import draw_nodes
from domain.running.events import InstanceState, InstanceStatus
from domain.running.nodes import NodeStatus

GIB = 2**30
NODES = [
    NodeStatus("n1", 4, 8 * GIB, load=1.25, memory_used=2 * GIB),
    NodeStatus("n2", 4, 8 * GIB, loss="node 'n2' was lost: the cable was pulled"),
    NodeStatus("n3"),
]


def instance(name: str, node: str, state: InstanceState = InstanceState.RUNNING) -> InstanceStatus:
    return InstanceStatus(name, state, 0.0, node=node)


def drawn(
    nodes: list[NodeStatus], instances: list[InstanceStatus], *, rows: int = 9
) -> list[list[str]]:
    """Return the words of each line of the table."""
    console = Console(file=io.StringIO(), record=True, width=100, force_terminal=False)
    console.print(draw_nodes(nodes, instances, rows=rows))
    return [line.split() for line in console.export_text().splitlines()]


def test_each_node_has_a_row_with_instances_load_memory_and_state() -> None:
    titles, first, second, third = drawn(NODES, [instance("a", "n1"), instance("b", "n1")])
    assert titles == ["node", "instances", "load", "memory", "state"]
    assert " ".join(first) == "n1 2 1.2 on 4 cores 2.0 of 8.0 GiB up"
    assert " ".join(second) == "n2 0 8.0 GiB lost"
    assert third == ["n3", "0", "starting"]


def test_instances_that_have_ended_are_not_counted() -> None:
    ended = instance("b", "n1", InstanceState.FINISHED)
    assert drawn(NODES, [instance("a", "n1"), ended])[1][:2] == ["n1", "1"]


def test_lost_and_full_nodes_come_first_if_there_are_too_many() -> None:
    full = NodeStatus("n4", 4, 8 * GIB, load=0.5, memory_used=8 * GIB)
    idle = [NodeStatus(f"idle{number}", 4, 8 * GIB) for number in range(20)]
    _, *rows, last = drawn([*idle, NODES[1], full], [instance("a", "idle7")], rows=4)
    assert [row[0] for row in rows] == ["n2", "n4", "idle0"]
    assert last == ["and", "19", "more", "nodes", "1"]
