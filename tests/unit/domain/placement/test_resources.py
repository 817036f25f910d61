"""Cores on nodes."""

from domain.placement.resources import Core, Resources
from tests.support.models import nodes


def test_cores_are_counted_over_all_nodes():
    assert nodes(2, 3).core_count == 5
    assert Resources().core_count == 0


def test_nodes_keep_their_order():
    assert [node.node for node in nodes(1, 1, 1)] == ["n0", "n1", "n2"]


def test_resources_are_described_as_text():
    assert nodes(2, 3).as_text() == "n0 (2 cores), n1 (3 cores)"
    assert Resources().as_text() == "none"


def test_cores_are_sorted_by_number():
    first, second = Core(1, frozenset({9})), Core(2, frozenset({0}))
    assert sorted([second, first]) == [first, second]
