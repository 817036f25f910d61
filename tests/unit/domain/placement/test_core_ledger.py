"""The planner's ledger of free and allocated cores."""

import pytest

from domain.identity import Reference
from domain.placement.core_ledger import CoreLedger, bits, lowest
from domain.placement.resources import Resources
from tests.support.models import nodes

A, B, C = map(Reference, "abc")


def ledger(*cores, **partners):
    return CoreLedger(
        nodes(*cores),
        {Reference(name): set(map(Reference, others)) for name, others in partners.items()},
        {A: 0, B: 1, C: 1},
    )


def test_allocated_cores_are_not_free():
    books = ledger(2, 3)
    assert list(books.nodes_with_free_cores()) == [0, 1]
    books.give(A, (), {0: 0b11, 1: 0b010})
    assert list(books.nodes_with_free_cores()) == [1]
    assert books.free == [0, 0b101]


def test_resources_list_cores_by_node_in_order():
    found = ledger(2, 3).resources({1: 0b101, 0: 0b10})
    assert [(node.node, [core.core_id for core in sorted(node.cores)]) for node in found] == [
        ("n0", [1]),
        ("n1", [0, 2]),
    ]
    assert ledger(1).resources({}) == Resources(())


def test_components_that_take_turns_may_share_cores():
    books = ledger(2, b="a")
    books.give(A, (), {0: 0b11})
    assert books.shareable(B, (5,)) == {0: 0b11}
    assert books.shareable(C, (5,)) == {}


def test_instances_of_sets_share_cores_if_their_indices_agree():
    books = ledger(2, c="b")
    books.give(B, (0,), {0: 0b01})
    books.give(B, (1,), {0: 0b10})
    assert books.shareable(C, (1,)) == {0: 0b10}
    assert books.shareable(C, (2,)) == {}


def test_cores_that_a_third_component_uses_cannot_be_shared():
    books = ledger(2, b="a")
    books.give(A, (), {0: 0b11})
    books.give(C, (0,), {0: 0b01})
    assert books.shareable(B, (0,)) == {0: 0b10}


@pytest.mark.parametrize(
    ("mask", "numbers"), [(0, []), (1, [0]), (0b1010, [1, 3]), (1 << 5000, [5000])]
)
def test_bits_of_a_mask_are_listed(mask, numbers):
    assert list(bits(mask)) == numbers


@pytest.mark.parametrize(("count", "mask"), [(0, 0), (1, 0b10), (2, 0b1010), (3, 0b11010)])
def test_lowest_bits_of_a_mask_are_taken(count, mask):
    assert lowest(0b11010, count) == mask
