"""The search for cores for one instance."""

import pytest

from domain.model.configuration import MpiCores, MpiNodes, Threads
from domain.placement.core_ledger import CoreLedger
from domain.placement.core_search import SpareCores, find_cores
from domain.placement.node_cores import Applicant
from tests.support.models import nodes

A, B, OTHER = Applicant(0, (), 0b10), Applicant(1, (), 0b01), Applicant(2, ())


def ledger(*cores):
    return CoreLedger(nodes(*cores))


@pytest.mark.parametrize(
    ("requirements", "found"),
    [
        (Threads(2), {0: 0b11}),
        (Threads(3), {1: 0b111}),
        (Threads(5), None),
        (MpiCores(3, 1), {0: 0b11, 1: 0b1}),
        (MpiCores(2, 2), {0: 0b11, 1: 0b11}),
        (MpiCores(4, 2), None),
        (MpiNodes(1, 1), {0: 0b11}),
        (MpiNodes(1, 2, 2), {1: 0b1111}),
        (MpiNodes(2, 2), {0: 0b11, 1: 0b1111}),
        (MpiNodes(3, 1), None),
    ],
    ids=str,
)
def test_free_cores_are_found_from_the_first_node_on(requirements, found):
    assert find_cores(ledger(2, 4), A, requirements) == found


def test_shared_cores_are_taken_before_free_ones():
    books = ledger(4)
    books.give(B, {0: 0b1100})
    assert find_cores(books, A, Threads(1)) == {0: 0b0100}
    assert find_cores(books, A, Threads(3)) == {0: 0b1101}


def test_node_with_an_allocated_core_is_not_whole():
    books = ledger(2, 2)
    books.give(OTHER, {0: 0b01})
    assert find_cores(books, A, MpiNodes(1, 1)) == {1: 0b11}


def test_spare_cores_are_the_least_used():
    spare = SpareCores(ledger(2, 2))
    spare.give({0: 0b11, 1: 0b01})
    assert spare.find(Threads(1)) == {1: 0b10}
    assert spare.find(Threads(2)) == {1: 0b11}
    assert spare.find(MpiCores(3, 1)) == {1: 0b10, 0: 0b11}
    assert spare.find(MpiNodes(1, 2)) == {1: 0b11}


@pytest.mark.parametrize("requirements", [Threads(3), MpiCores(5, 1), MpiNodes(3, 1)], ids=str)
def test_request_for_more_cores_than_exist_gets_no_spare_cores(requirements):
    assert SpareCores(ledger(2, 2)).find(requirements) is None


@pytest.mark.parametrize(
    ("requirements", "cores"),
    [
        (Threads(9), {1: 0b111}),
        (MpiCores(9, 1), {0: 0b11, 1: 0b111}),
        (MpiNodes(3, 1), {0: 0b11, 1: 0b111}),
    ],
    ids=str,
)
def test_instance_larger_than_the_machine_can_get_all_cores(requirements, cores):
    assert SpareCores(ledger(2, 3, 0)).all_for(requirements) == cores
    assert SpareCores(ledger(0)).all_for(requirements) is None


def test_smallest_sufficient_free_nodes_are_taken_whole():
    assert find_cores(ledger(8, 4, 2, 4), A, MpiNodes(1, 3)) == {1: 0b1111}
    assert find_cores(ledger(8, 4, 2, 4), A, MpiNodes(2, 3)) == {1: 0b1111, 3: 0b1111}


def test_whole_node_of_a_partner_is_taken_before_free_ones():
    books = ledger(2, 2)
    books.give(B, {1: 0b11})
    assert find_cores(books, A, MpiNodes(1, 2)) == {1: 0b11}
