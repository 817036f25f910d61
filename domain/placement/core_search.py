"""Finds cores for one instance."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from domain.model.component_masks import bits
from domain.model.configuration import MpiCores, MpiNodes, ResourceRequirements, Threads
from domain.placement.core_ledger import CoreLedger, NodeMasks, lowest
from domain.placement.node_cores import Applicant, CoreMask


def find_cores(
    ledger: CoreLedger, applicant: Applicant, requirements: ResourceRequirements
) -> NodeMasks | None:
    """Return cores for an instance that no other instance uses at the same time.

    Args:
        ledger: The free and allocated cores.
        applicant: The instance.
        requirements: What it requests.

    Returns:
        The cores, or None if there are too few.
    """
    search = _Search(ledger, applicant)
    match requirements:
        case Threads(threads):
            return search.groups(1, threads)
        case MpiCores(processes, threads):
            return search.groups(processes, threads)
        case MpiNodes(nodes, processes, threads):
            return search.whole_nodes(nodes, processes * threads)


class _Search:
    """Looks for cores for an instance, first those that it can share, and then free ones."""

    def __init__(self, ledger: CoreLedger, applicant: Applicant) -> None:
        self._ledger = ledger
        self._applicant = applicant
        self._shareable: NodeMasks = {}

    def groups(self, count: int, size: int) -> NodeMasks | None:
        """Return groups of equal size, each on a single node; None if there are too few cores."""
        found: NodeMasks = {}
        for node, mask in chain(self._shared(), self._free(size)):
            left = mask & ~found.get(node, 0)
            fitting = min(count, left.bit_count() // size)
            if fitting:
                shared_first = lowest(left & self._shareable.get(node, 0), fitting * size)
                missing = fitting * size - shared_first.bit_count()
                cores = shared_first | lowest(left & ~shared_first, missing)
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
        for node, mask in chain(self._shared(), free):
            if mask == nodes[node].full and mask.bit_count() >= size:
                found[node] = mask
            if len(found) == count:
                return found
        return None

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


class SpareCores:
    """Finds the least used cores once all cores are allocated.

    Args:
        ledger: The available cores.
    """

    def __init__(self, ledger: CoreLedger) -> None:
        self._full = [node.full for node in ledger.nodes]
        self._load = [[0] * mask.bit_count() for mask in self._full]

    def give(self, cores: NodeMasks) -> None:
        """Record that cores are allocated to an instance."""
        for node, mask in cores.items():
            for bit in bits(mask):
                self._load[node][bit] += 1

    def find(self, requirements: ResourceRequirements) -> NodeMasks | None:
        """Return cores for one instance; None if it requests more than there are."""
        match requirements:
            case Threads(threads):
                return self._find_groups(1, threads)
            case MpiCores(processes, threads):
                return self._find_groups(processes, threads)
            case MpiNodes(nodes, processes, threads):
                return self._find_nodes(nodes, processes * threads)

    def all_for(self, requirements: ResourceRequirements) -> NodeMasks | None:
        """Return all cores, for an instance that requests more; None if there are no cores.

        A single process gets the cores of the largest node.
        """
        cores = {node: mask for node, mask in enumerate(self._full) if mask}
        if cores and isinstance(requirements, Threads):
            largest = max(cores, key=lambda node: cores[node].bit_count())
            return {largest: cores[largest]}
        return cores or None

    def _find_groups(self, groups: int, size: int) -> NodeMasks | None:
        found: NodeMasks = {}
        for _ in range(groups):
            choices = [
                choice
                for node in range(len(self._full))
                if (choice := self._least(node, size, found))
            ]
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

    def _find_nodes(self, count: int, size: int) -> NodeMasks | None:
        fitting = [node for node, mask in enumerate(self._full) if mask.bit_count() >= size]
        fitting.sort(key=lambda node: sum(self._load[node]))
        return (
            {node: self._full[node] for node in fitting[:count]} if len(fitting) >= count else None
        )
