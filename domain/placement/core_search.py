"""Finds cores and GPUs for one instance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from domain.model.component_masks import bits
from domain.model.configuration import MpiCores, MpiNodes, ResourceRequirements, Threads
from domain.placement.core_ledger import CoreLedger, Grant, NodeMasks, lowest
from domain.placement.node_cores import Applicant, CoreMask
from domain.placement.requirements import cores_on_one_node


def find_cores(
    ledger: CoreLedger, applicant: Applicant, requirements: ResourceRequirements
) -> Grant | None:
    """Return cores and GPUs for an instance that no other instance uses at the same time.

    Args:
        ledger: The free and allocated cores.
        applicant: The instance.
        requirements: What it requests.

    Returns:
        The cores and GPUs, or None if there are too few.
    """
    search = _Search(ledger, applicant, requirements.gpus)
    match requirements:
        case Threads(threads):
            cores = search.groups(1, threads)
        case MpiCores(processes, threads, gpus):
            cores = search.groups(1 if gpus else processes, cores_on_one_node(requirements))
        case MpiNodes(nodes, processes, threads):
            cores = search.whole_nodes(nodes, processes * threads)
    return None if cores is None else Grant(cores, search.gpus(cores))


class _Search:
    """Looks for cores for an instance, first those that it can share, and then free ones."""

    def __init__(self, ledger: CoreLedger, applicant: Applicant, gpu_count: int) -> None:
        self._ledger = ledger
        self._applicant = applicant
        self._gpu_count = gpu_count
        self._shareable: NodeMasks = {}

    def groups(self, count: int, size: int) -> NodeMasks | None:
        """Return groups of equal size, each on a single node; None if there are too few cores."""
        found: NodeMasks = {}
        for node, mask in self._with_gpus(chain(self._shared(), self._free(size))):
            left = mask & ~found.get(node, 0)
            fitting = min(count, left.bit_count() // size)
            if fitting:
                cores = _shared_first(left, self._shareable.get(node, 0), fitting * size)
                found[node] = found.get(node, 0) | cores
                count -= fitting
            if not count:
                return found
        return None

    def whole_nodes(self, count: int, size: int) -> NodeMasks | None:
        """Return whole nodes with a minimum number of cores each; None if there are too few.

        Of the free ones, it takes the smallest that suffice, and leaves the others to others.
        """
        nodes = self._ledger.nodes
        free = ((node, nodes[node].full) for node in self._ledger.free_nodes(size))
        found: NodeMasks = {}
        for node, mask in self._with_gpus(chain(self._shared(), free)):
            if mask == nodes[node].full and mask.bit_count() >= size:
                found[node] = mask
            if len(found) == count:
                return found
        return None

    def gpus(self, nodes: Iterable[int]) -> NodeMasks:
        """Return the requested number of GPUs of each node."""
        if not self._gpu_count:
            return {}
        shareable = {node: self._ledger.gpus[node].shareable(self._applicant) for node in nodes}
        return {
            node: _shared_first(mask | self._ledger.gpus[node].free, mask, self._gpu_count)
            for node, mask in shareable.items()
        }

    def _with_gpus(self, nodes: Iterable[tuple[int, CoreMask]]) -> Iterator[tuple[int, CoreMask]]:
        """Yield those nodes that have enough GPUs for this instance."""
        for node, mask in nodes:
            gpus = self._ledger.gpus[node]
            if not self._gpu_count or (
                (gpus.free | gpus.shareable(self._applicant)).bit_count() >= self._gpu_count
            ):
                yield node, mask

    def _shared(self) -> Iterator[tuple[int, CoreMask]]:
        """Yield the shareable cores of each node, and then these together with its free ones."""
        for node, mask in self._ledger.shareable(self._applicant):
            self._shareable[node] = mask
            yield node, mask
        for node, mask in self._shareable.items():
            yield node, mask | self._ledger.nodes[node].free

    def _free(self, size: int) -> Iterator[tuple[int, CoreMask]]:
        """Yield the free cores of each node that has no shareable ones."""
        for node in self._ledger.nodes_with_free_cores(size):
            if node not in self._shareable:
                yield node, self._ledger.nodes[node].free


def _shared_first(usable: int, shareable: int, count: int) -> int:
    """Return some of the usable cores or GPUs, those that can be shared first."""
    shared = lowest(usable & shareable, count)
    return shared | lowest(usable & ~shared, count - shared.bit_count())


class SpareCores:
    """Finds the least used cores and GPUs once all cores or GPUs are allocated.

    Args:
        ledger: The available cores.
    """

    def __init__(self, ledger: CoreLedger) -> None:
        self._full = [node.full for node in ledger.nodes]
        self._load = [[0] * mask.bit_count() for mask in self._full]
        self._gpu_load = [[0] * node.full.bit_count() for node in ledger.gpus]

    def give(self, grant: Grant) -> None:
        """Record that cores and GPUs are allocated to an instance."""
        for loads, masks in ((self._load, grant.cores), (self._gpu_load, grant.gpus)):
            for node, mask in masks.items():
                for bit in bits(mask):
                    loads[node][bit] += 1

    def find(self, requirements: ResourceRequirements) -> Grant | None:
        """Return cores and GPUs for one instance; None if it requests more than there are."""
        gpus = requirements.gpus
        nodes = [node for node, load in enumerate(self._gpu_load) if len(load) >= gpus]
        match requirements:
            case Threads(threads):
                cores = self._find_groups(nodes, 1, threads)
            case MpiCores(processes):
                size = cores_on_one_node(requirements)
                cores = self._find_groups(nodes, 1 if gpus else processes, size)
            case MpiNodes(count, processes, threads):
                cores = self._find_nodes(nodes, count, processes * threads)
        return None if cores is None else Grant(cores, self._find_gpus(cores, gpus))

    def all_for(self, requirements: ResourceRequirements) -> Grant | None:
        """Return all cores, for an instance that requests more; None if there are no cores.

        A single process gets the cores of the largest node, or of the one with the most GPUs.
        """
        cores = {node: mask for node, mask in enumerate(self._full) if mask}
        if not cores:
            return None
        if isinstance(requirements, Threads) or requirements.gpus:
            most = max(cores, key=lambda node: self._rank(node, requirements.gpus))
            cores = {most: cores[most]}
        return Grant(cores, self._find_gpus(cores, requirements.gpus))

    def _rank(self, node: int, gpus: int) -> tuple[int, int]:
        return min(gpus, len(self._gpu_load[node])), self._full[node].bit_count()

    def _find_gpus(self, nodes: Iterable[int], count: int) -> NodeMasks:
        """Return the least used GPUs of each node, as many as requested if there are."""
        found: NodeMasks = {}
        for node in nodes:
            loads = sorted((load, bit) for bit, load in enumerate(self._gpu_load[node]))
            if mask := sum(1 << bit for _, bit in loads[:count]):
                found[node] = mask
        return found

    def _find_groups(self, nodes: Sequence[int], groups: int, size: int) -> NodeMasks | None:
        found: NodeMasks = {}
        for _ in range(groups):
            choices = [choice for node in nodes if (choice := self._least(node, size, found))]
            if not choices:
                return None
            _, node, mask = min(choices)
            found[node] = found.get(node, 0) | mask
        return found

    def _least(self, node: int, size: int, taken: NodeMasks) -> tuple[int, int, int] | None:
        own = taken.get(node, 0)
        loads = sorted(
            (load, bit) for bit, load in enumerate(self._load[node]) if not own >> bit & 1
        )[:size]
        if len(loads) < size:
            return None
        return sum(load for load, _ in loads), node, sum(1 << bit for _, bit in loads)

    def _find_nodes(self, nodes: Sequence[int], count: int, size: int) -> NodeMasks | None:
        fitting = [node for node in nodes if self._full[node].bit_count() >= size]
        fitting.sort(key=lambda node: sum(self._load[node]))
        return (
            {node: self._full[node] for node in fitting[:count]} if len(fitting) >= count else None
        )
