"""Assigns MPI processes to nodes and hardware threads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from typing_extensions import assert_never

from domain.model.configuration import MpiCores, MpiNodes, ResourceRequirements, Threads
from domain.placement.resources import NodeResources, Resources


@dataclass(frozen=True)
class Rank:
    """The place of one MPI process.

    Attributes:
        node: Name of the node.
        hwthreads: Hardware threads that it may run on, in order.
    """

    node: str
    hwthreads: tuple[int, ...]

    @property
    def cpu_list(self) -> str:
        """The hardware threads, as a list in the notation of taskset."""
        return ",".join(map(str, self.hwthreads))

    @property
    def mask(self) -> int:
        """The hardware threads, as a bit mask."""
        return sum(1 << hwthread for hwthread in self.hwthreads)


def process_count(requirements: ResourceRequirements) -> int:
    """Return the number of requested processes."""
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
    """Return the number of requested threads for each process."""
    match requirements:
        case Threads(threads):
            return threads
        case MpiCores(threads_per_mpi_process=threads) | MpiNodes(threads_per_mpi_process=threads):
            return threads
        case _:
            assert_never(requirements)


def assign_ranks(requirements: ResourceRequirements, resources: Resources) -> list[Rank]:
    """Return the place of each MPI process, in order of nodes, then of cores.

    If there are fewer cores than requested, the processes share all cores of each node.
    """
    threads = threads_per_process(requirements)
    count = process_count(requirements)
    limit = requirements.mpi_processes_per_node if isinstance(requirements, MpiNodes) else None
    ranks = [rank for node in resources for rank in _ranks_on(node, threads)[:limit]]
    return ranks[:count] if len(ranks) >= count else _crowded(resources, count)


def spread_ranks(requirements: ResourceRequirements, resources: Resources) -> list[Rank]:
    """Return a place for each MPI process, in which they share all cores of each node."""
    return _crowded(resources, process_count(requirements))


def all_hwthreads(resources: Resources) -> Rank:
    """Return all hardware threads on the first node, for a single-process program."""
    return _all_hwthreads_on(resources.nodes[0])


def openmp_places(resources: Resources) -> str:
    """Return the places for the threads of OpenMP: the hardware threads of each core."""
    cores = sorted(resources.nodes[0].cores)
    return ",".join(f"{{{','.join(map(str, sorted(core.hwthreads)))}}}" for core in cores)


def open_mpi_rank_file(ranks: Iterable[Rank]) -> str:
    """Return the text of an Open MPI rank file: the node and hardware threads of each rank."""
    return "".join(
        f"rank {number}={rank.node} slot={rank.cpu_list}\n" for number, rank in enumerate(ranks)
    )


def machine_file(ranks: Iterable[Rank]) -> str:
    """Return the text of an Intel MPI machine file: the number of processes on each node."""
    groups = groupby(ranks, key=lambda rank: rank.node)
    return "".join(f"{node}:{len(list(group))}\n" for node, group in groups)


def host_file(ranks: Iterable[Rank]) -> str:
    """Return the text of a Slurm host file: the node of each task."""
    return "".join(f"{rank.node}\n" for rank in ranks)


def cpu_file(ranks: Iterable[Rank]) -> str:
    """Return the text of a file with the hardware threads of each process, one line for each."""
    return "".join(f"{rank.cpu_list}\n" for rank in ranks)


def masks_on_each_node(ranks: Sequence[Rank]) -> list[int] | None:
    """Return the masks of the processes on each node; None if they differ between nodes.

    Neither Intel MPI nor MUSCLE_BIND_MASK supports different masks for different nodes.
    """
    groups = groupby(ranks, key=lambda rank: rank.node)
    masks = [[rank.mask for rank in group] for _, group in groups]
    return masks[0] if masks and all(other == masks[0] for other in masks) else None


def _all_hwthreads_on(node: NodeResources) -> Rank:
    hwthreads = (hwthread for core in node.cores for hwthread in core.hwthreads)
    return Rank(node.node, tuple(sorted(hwthreads)))


def _crowded(resources: Resources, count: int) -> list[Rank]:
    """Distribute processes evenly over nodes, whose cores they share."""
    nodes = [_all_hwthreads_on(node) for node in resources]
    return [nodes[number * len(nodes) // count] for number in range(count)]


def _ranks_on(node: NodeResources, threads: int) -> list[Rank]:
    cores = sorted(node.cores)
    chunks = (
        cores[start : start + threads] for start in range(0, len(cores) - threads + 1, threads)
    )
    return [
        Rank(node.node, tuple(sorted(hwthread for core in chunk for hwthread in core.hwthreads)))
        for chunk in chunks
    ]
