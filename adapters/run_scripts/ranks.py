"""Which MPI process goes where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from typing_extensions import assert_never

from domain.model.configuration import MpiCores, MpiNodes, ResourceRequirements, Threads
from domain.placement.resources import NodeResources, Resources


@dataclass(frozen=True)
class Rank:
    """Where an MPI process goes.

    Attributes:
        node: Name of the node.
        hwthreads: Hardware threads that it may run on, in order.
    """

    node: str
    hwthreads: tuple[int, ...]

    @property
    def cpu_list(self) -> str:
        """The hardware threads, as taskset and the like take them."""
        return ",".join(map(str, self.hwthreads))

    @property
    def mask(self) -> int:
        """The hardware threads as a number with a bit for each."""
        return sum(1 << hwthread for hwthread in self.hwthreads)


def process_count(requirements: ResourceRequirements) -> int:
    """Return how many processes were asked for."""
    match requirements:
        case Threads():
            return 1
        case MpiCores(mpi_processes=processes):
            return processes
        case MpiNodes(nodes=nodes, mpi_processes_per_node=processes):
            return nodes * processes
        case _:
            assert_never(requirements)


def threads_per_process(requirements: ResourceRequirements) -> int:
    """Return how many threads each process was to have."""
    match requirements:
        case Threads(threads):
            return threads
        case MpiCores(threads_per_mpi_process=threads) | MpiNodes(threads_per_mpi_process=threads):
            return threads
        case _:
            assert_never(requirements)


def assign_ranks(requirements: ResourceRequirements, resources: Resources) -> list[Rank]:
    """Return where each MPI process goes: in order of nodes, then of cores."""
    threads = threads_per_process(requirements)
    limit = requirements.mpi_processes_per_node if isinstance(requirements, MpiNodes) else None
    ranks = [rank for node in resources for rank in _ranks_on(node, threads)[:limit]]
    return ranks[: process_count(requirements)]


def all_hwthreads(resources: Resources) -> Rank:
    """Return everything there is on the first node, for a program that is a single process."""
    node = resources.nodes[0]
    hwthreads = (hwthread for core in node.cores for hwthread in core.hwthreads)
    return Rank(node.node, tuple(sorted(hwthreads)))


def open_mpi_rank_file(ranks: Iterable[Rank]) -> str:
    """Return the text of a rank file for Open MPI: node and hardware threads of each rank."""
    return "".join(
        f"rank {number}={rank.node} slot={rank.cpu_list}\n" for number, rank in enumerate(ranks)
    )


def machine_file(ranks: Iterable[Rank]) -> str:
    """Return the text of a machine file for Intel MPI: how many processes on each node."""
    groups = groupby(ranks, key=lambda rank: rank.node)
    return "".join(f"{node}:{len(list(group))}\n" for node, group in groups)


def host_file(ranks: Iterable[Rank]) -> str:
    """Return the text of a host file for Slurm: the node of each task."""
    return "".join(f"{rank.node}\n" for rank in ranks)


def masks_on_each_node(ranks: Sequence[Rank]) -> list[int] | None:
    """Return the masks of the processes of a node; None if they differ from node to node.

    Neither Slurm nor Intel MPI can be told different ones for different nodes.
    """
    groups = groupby(ranks, key=lambda rank: rank.node)
    masks = [[rank.mask for rank in group] for _, group in groups]
    return masks[0] if masks and all(other == masks[0] for other in masks) else None


def _ranks_on(node: NodeResources, threads: int) -> list[Rank]:
    cores = sorted(node.cores)
    chunks = (
        cores[start : start + threads] for start in range(0, len(cores) - threads + 1, threads)
    )
    return [
        Rank(node.node, tuple(sorted(hwthread for core in chunk for hwthread in core.hwthreads)))
        for chunk in chunks
    ]
