"""The search for cores for one instance."""

import pytest

from domain.model.configuration import MpiCores, MpiNodes, Threads
from domain.placement.core_ledger import CoreLedger, Grant
from domain.placement.core_search import SpareCores, find_cores
from domain.placement.node_cores import Applicant
from tests.support.models import nodes

A, B, OTHER = Applicant(0, (), 0b10), Applicant(1, (), 0b01), Applicant(2, ())


def ledger(*cores, gpus=0):
    return CoreLedger(nodes(*cores, gpus=gpus))


def find(books, applicant, requirements):
    grant = find_cores(books, applicant, requirements)
    return None if grant is None else grant.cores


def give(books, applicant, cores, gpus=None):
    books.give(applicant, Grant(cores, gpus or {}))


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
    assert find(ledger(2, 4), A, requirements) == found


def test_shared_cores_are_taken_before_free_ones():
    books = ledger(4)
    give(books, B, {0: 0b1100})
    assert find(books, A, Threads(1)) == {0: 0b0100}
    assert find(books, A, Threads(3)) == {0: 0b1101}


def test_node_with_an_allocated_core_is_not_whole():
    books = ledger(2, 2)
    give(books, OTHER, {0: 0b01})
    assert find(books, A, MpiNodes(1, 1)) == {1: 0b11}


def test_spare_cores_are_the_least_used():
    spare = SpareCores(ledger(2, 2))
    spare.give(Grant({0: 0b11, 1: 0b01}))
    assert spare.find(Threads(1)) == Grant({1: 0b10})
    assert spare.find(Threads(2)) == Grant({1: 0b11})
    assert spare.find(MpiCores(3, 1)) == Grant({1: 0b10, 0: 0b11})
    assert spare.find(MpiNodes(1, 2)) == Grant({1: 0b11})


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
    assert SpareCores(ledger(2, 3, 0)).all_for(requirements) == Grant(cores)
    assert SpareCores(ledger(0)).all_for(requirements) is None


def test_smallest_sufficient_free_nodes_are_taken_whole():
    assert find(ledger(8, 4, 2, 4), A, MpiNodes(1, 3)) == {1: 0b1111}
    assert find(ledger(8, 4, 2, 4), A, MpiNodes(2, 3)) == {1: 0b1111, 3: 0b1111}


def test_whole_node_of_a_partner_is_taken_before_free_ones():
    books = ledger(2, 2)
    give(books, B, {1: 0b11})
    assert find(books, A, MpiNodes(1, 2)) == {1: 0b11}


def test_gpus_are_on_the_node_of_the_cores():
    books = ledger(2, 2, gpus=2)
    give(books, OTHER, {0: 0b01}, {0: 0b01})
    assert find_cores(books, A, Threads(1, gpus=1)) == Grant({0: 0b10}, {0: 0b10})
    assert find_cores(books, A, Threads(1, gpus=2)) == Grant({1: 0b01}, {1: 0b11})
    assert find_cores(books, A, Threads(1, gpus=3)) is None


def test_gpus_are_shared_with_a_partner_before_free_ones_are_taken():
    books = ledger(4, gpus=3)
    give(books, B, {0: 0b0001}, {0: 0b100})
    assert find_cores(books, A, Threads(1, gpus=2)) == Grant({0: 0b0001}, {0: 0b101})


def test_mpi_processes_with_gpus_run_on_one_node():
    books = ledger(3, 4, gpus=1)
    assert find_cores(books, A, MpiCores(4, gpus=1)) == Grant({1: 0b1111}, {1: 0b1})
    assert find_cores(books, A, MpiCores(5, gpus=1)) is None


def test_whole_nodes_have_gpus_each():
    books = ledger(2, 2, gpus=2)
    assert find_cores(books, A, MpiNodes(2, 1, gpus=1)) == Grant({0: 3, 1: 3}, {0: 1, 1: 1})


def test_spare_gpus_are_the_least_used():
    spare = SpareCores(ledger(2, gpus=2))
    spare.give(Grant({0: 0b01}, {0: 0b01}))
    assert spare.find(Threads(1, gpus=1)) == Grant({0: 0b10}, {0: 0b10})
    assert spare.find(Threads(1, gpus=3)) is None
    assert spare.all_for(Threads(1, gpus=3)) == Grant({0: 0b11}, {0: 0b11})
