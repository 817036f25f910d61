import pytest

from adapters.run_scripts.ranks import (
    Rank,
    assign_ranks,
    host_file,
    machine_file,
    masks_on_each_node,
    open_mpi_rank_file,
)
from domain.model.configuration import MpiCores, MpiNodes, Threads
from domain.placement.resources import Core, NodeResources, Resources


def node(name: str, *cores: int) -> NodeResources:
    return NodeResources(name, frozenset(Core(n, frozenset({n, n + 8})) for n in cores))


TWO = Resources((node("a", 0, 1, 2, 3), node("b", 0, 1, 2, 3)))


def test_ranks_fill_one_node_after_another() -> None:
    found = assign_ranks(MpiCores(6), TWO)
    assert [rank.node for rank in found] == ["a"] * 4 + ["b"] * 2
    assert [rank.hwthreads for rank in found[:2]] == [(0, 8), (1, 9)]


def test_rank_has_a_core_for_each_thread() -> None:
    found = assign_ranks(MpiCores(2, 3), TWO)
    assert found == [Rank("a", (0, 1, 2, 8, 9, 10)), Rank("b", (0, 1, 2, 8, 9, 10))]


def test_whole_nodes_have_the_requested_number_of_ranks() -> None:
    found = assign_ranks(MpiNodes(2, 2), TWO)
    assert [rank.node for rank in found] == ["a", "a", "b", "b"]


def test_single_process_has_a_core_for_each_thread() -> None:
    assert assign_ranks(Threads(2), TWO) == [Rank("a", (0, 1, 8, 9))]


def test_processes_share_the_cores_if_there_are_too_few() -> None:
    few = Resources((node("a", 0), node("b", 2, 3)))
    places = [(rank.node, rank.hwthreads) for rank in assign_ranks(MpiCores(4), few)]
    assert places == [("a", (0, 8))] * 2 + [("b", (2, 3, 10, 11))] * 2
    assert len(assign_ranks(MpiCores(1, 4), few)) == 1


RANKS = [Rank("a", (0, 8)), Rank("a", (1, 9)), Rank("b", (0, 8))]


def test_rank_file_for_open_mpi() -> None:
    assert open_mpi_rank_file(RANKS) == "rank 0=a slot=0,8\nrank 1=a slot=1,9\nrank 2=b slot=0,8\n"


def test_machine_file_for_intel_mpi() -> None:
    assert machine_file(RANKS) == "a:2\nb:1\n"


def test_host_file_for_slurm() -> None:
    assert host_file(RANKS) == "a\na\nb\n"


@pytest.mark.parametrize(
    ("found", "masks"),
    [
        ([], None),
        (RANKS, None),
        (RANKS[:2], [0x101, 0x202]),
        ([RANKS[0], RANKS[2]], [0x101]),
    ],
)
def test_core_masks_exist_only_if_all_nodes_have_the_same(
    found: list[Rank], masks: list[int] | None
) -> None:
    assert masks_on_each_node(found) == masks
