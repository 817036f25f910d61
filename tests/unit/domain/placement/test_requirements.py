"""Requirements of instances, as numbers and as text."""

import pytest

from domain.model.configuration import MpiCores, MpiNodes, Threads
from domain.placement.requirements import core_count, cores_on_one_node, describe_request


@pytest.mark.parametrize(
    ("requirements", "on_one_node", "count", "words"),
    [
        (Threads(1), 1, 1, "1 thread on one node"),
        (Threads(4), 4, 4, "4 threads on one node"),
        (MpiCores(1, 1), 1, 1, "1 MPI process with 1 thread each"),
        (MpiCores(8, 2), 2, 16, "8 MPI processes with 2 threads each"),
        (MpiNodes(1, 1), 1, 1, "1 whole node with 1 MPI process of 1 thread on each"),
        (MpiNodes(3, 2, 4), 8, 24, "3 whole nodes with 2 MPI processes of 4 threads on each"),
    ],
    ids=str,
)
def test_each_kind_of_requirement_is_counted_and_described(requirements, on_one_node, count, words):
    assert cores_on_one_node(requirements) == on_one_node
    assert core_count(requirements) == count
    assert describe_request(requirements) == words
