"""The planner's ledger of free and allocated cores."""

import pytest

from domain.placement.core_ledger import CoreLedger, Grant, lowest
from domain.placement.node_cores import Applicant
from domain.placement.resources import Resources
from tests.support.models import nodes

A, B, C = range(3)


def ledger(*cores):
    return CoreLedger(nodes(*cores))


def free_cores(books):
    return [node.free for node in books.nodes]


def test_allocated_cores_are_not_free():
    books = ledger(2, 3)
    assert list(books.nodes_with_free_cores(1)) == [0, 1]
    books.give(Applicant(A, ()), Grant({0: 0b11, 1: 0b010}))
    assert list(books.nodes_with_free_cores(1)) == [1]
    assert free_cores(books) == [0, 0b101]


def test_nodes_with_too_few_free_cores_are_left_out():
    books = ledger(2, 4, 3)
    assert list(books.nodes_with_free_cores(3)) == [1, 2]
    books.give(Applicant(A, ()), Grant({1: 0b11}))
    assert list(books.nodes_with_free_cores(3)) == [2]
    assert list(books.nodes_with_free_cores(2)) == [0, 1, 2]


def test_wholly_free_nodes_are_listed_by_size():
    books = ledger(4, 2, 3, 2)
    assert list(books.free_nodes(1)) == [1, 3, 2, 0]
    assert list(books.free_nodes(3)) == [2, 0]
    books.give(Applicant(A, ()), Grant({1: 0b01, 2: 0b01}))
    assert list(books.free_nodes(1)) == [3, 0]


def test_resources_list_cores_by_node_in_order():
    found = ledger(2, 3).resources(Grant({1: 0b101, 0: 0b10}))
    assert [(node.node, [core.core_id for core in sorted(node.cores)]) for node in found] == [
        ("n0", [1]),
        ("n1", [0, 2]),
    ]
    assert ledger(1).resources(Grant({})) == Resources(())


def test_resources_list_gpus_of_each_node():
    books = CoreLedger(nodes(1, 1, gpus=3))
    found = books.resources(Grant({0: 1, 1: 1}, {1: 0b101}))
    assert [[gpu.device for gpu in node.gpus] for node in found] == [[], ["0", "2"]]


def test_components_that_take_turns_may_share_cores():
    books = ledger(2)
    books.give(Applicant(A, ()), Grant({0: 0b11}))
    assert list(books.shareable(Applicant(B, (5,), 1 << A))) == [(0, 0b11)]
    assert list(books.shareable(Applicant(C, (5,)))) == []


def test_shareable_cores_are_found_on_the_nodes_of_any_partner():
    books = ledger(1, 1, 1, 1)
    books.give(Applicant(A, ()), Grant({2: 0b1}))
    books.give(Applicant(B, ()), Grant({0: 0b1, 1: 0b1}))
    assert list(books.shareable(Applicant(C, (), 1 << A))) == [(2, 0b1)]
    assert list(books.shareable(Applicant(C, (), 1 << A | 1 << B))) == [
        (0, 0b1),
        (1, 0b1),
        (2, 0b1),
    ]


def test_instances_of_sets_share_cores_if_their_indices_agree():
    books = ledger(2)
    books.give(Applicant(B, (0,)), Grant({0: 0b01}))
    books.give(Applicant(B, (1,)), Grant({0: 0b10}))
    assert list(books.shareable(Applicant(C, (1,), 1 << B))) == [(0, 0b10)]
    assert list(books.shareable(Applicant(C, (2,), 1 << B))) == []


def test_cores_that_a_third_component_uses_cannot_be_shared():
    books = ledger(2)
    books.give(Applicant(A, ()), Grant({0: 0b11}))
    books.give(Applicant(C, (0,)), Grant({0: 0b01}))
    assert list(books.shareable(Applicant(B, (0,), 1 << A))) == [(0, 0b10)]


@pytest.mark.parametrize(("count", "mask"), [(0, 0), (1, 0b10), (2, 0b1010), (3, 0b11010)])
def test_lowest_bits_of_a_mask_are_taken(count, mask):
    assert lowest(0b11010, count) == mask


@pytest.mark.parametrize(("mask", "found"), [(0, 0), (0b1100, 0b1100), (0b11100, 0b1100)])
def test_lowest_adjacent_bits_of_a_mask_are_taken(mask, found):
    assert lowest(mask, 2) == found


def test_all_bits_are_taken_from_a_mask_that_has_fewer():
    assert lowest(0b10, 3) == 0b10
