"""Which node of a job a machine is."""

import pytest

from domain.placement.batch_jobs import BatchJob, BatchSystem, JobNode, find_node

SHORT = (JobNode("node1"), JobNode("node10"))
LONG = (JobNode("node1.cluster.example"), JobNode("node2.cluster.example"))


def test_names_of_the_nodes_are_in_order():
    assert BatchJob(BatchSystem.PBS, "1", SHORT).node_names == ("node1", "node10")


@pytest.mark.parametrize(
    ("nodes", "names", "found"),
    [
        (SHORT, ["node1"], SHORT[0]),
        (SHORT, ["node10", "node10.cluster"], SHORT[1]),
        (SHORT, ["NODE1.cluster.example"], SHORT[0]),
        (LONG, ["node2"], LONG[1]),
        (LONG, ["node3"], None),
        ((JobNode("a.x"), JobNode("a.y")), ["a"], None),
        ((JobNode("a.x"), JobNode("a.y")), ["a", "a.y"], JobNode("a.y")),
        ((JobNode("10.0.0.1"), JobNode("10.0.0.2")), ["10.0.0.3"], None),
    ],
)
def test_node_of_a_machine_is_found_by_its_names(nodes, names, found):
    assert find_node(nodes, names) == found
